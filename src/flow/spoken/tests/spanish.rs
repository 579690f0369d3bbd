//! Spanish, row by row: gender, the short forms before a noun, articles, and what a million wants.

use super::*;

#[test]
fn spanish_numbers() {
    let rules = rules(SPANISH);
    check(
        &rules,
        &[
            ("number", "0", "cero"),
            ("number", "1", "uno"),
            ("number", "15", "quince"),
            ("number", "16", "dieciséis"),
            ("number", "21", "veintiuno"),
            ("number", "22", "veintidós"),
            ("number", "30", "treinta"),
            ("number", "31", "treinta y uno"),
            ("number", "99", "noventa y nueve"),
            ("number", "100", "cien"),
            ("number", "101", "ciento uno"),
            ("number", "199", "ciento noventa y nueve"),
            ("number", "500", "quinientos"),
            ("number", "555", "quinientos cincuenta y cinco"),
            ("number", "1000", "mil"),
            ("number", "1001", "mil uno"),
            ("number", "2000", "dos mil"),
            ("number", "21000", "veintiún mil"),
            ("number", "31021", "treinta y un mil veintiuno"),
            ("number", "100000", "cien mil"),
            ("number", "200000", "doscientos mil"),
            ("number", "1000000", "un millón"),
            ("number", "21000000", "veintiún millones"),
            ("number", "1000000000", "uno cero cero cero cero cero cero cero cero cero"),
            ("number", "-5", "menos cinco"),
            ("by masculine", "1", "un"),
            ("by masculine", "21", "veintiún"),
            ("by masculine", "41", "cuarenta y un"),
            ("by masculine", "101", "ciento un"),
            ("by masculine", "11", "once"),
            ("by feminine", "1", "una"),
            ("by feminine", "21", "veintiuna"),
            ("by feminine", "31", "treinta y una"),
            ("by feminine", "200", "doscientas"),
            ("by feminine", "501", "quinientas una"),
            ("by feminine", "200000", "doscientas mil"),
            ("by feminine", "21000", "veintiún mil"),
            ("by feminine", "1000000", "un millón"),
            ("by ordinal", "1", "primero"),
            ("by ordinal", "7", "séptimo"),
            ("by ordinal", "10", "décimo"),
            ("by ordinal", "11", "once"),
            ("by ordinal_feminine", "3", "tercera"),
            ("count days", "1", "un día"),
            ("count days", "21", "veintiún días"),
            ("count days", "0", "cero días"),
            ("count hours", "1", "una hora"),
            ("count hours", "21", "veintiuna horas"),
            ("count hours", "200", "doscientas horas"),
            ("count minutes", "1", "un minuto"),
            ("count days", "1000000", "un millón de días"),
            ("count days", "1000001", "un millón un días"),
        ],
    );
}

#[test]
fn spanish_dates_and_times() {
    let rules = rules(SPANISH);
    check(
        &rules,
        &[
            ("weekday", "2026-11-24", "martes"),
            ("weekday", "2026-11-28", "sábado"),
            ("date", "2026-03-03", "tres de marzo"),
            ("date", "2026-01-01", "primero de enero"),
            ("date", "2026-08-21", "veintiuno de agosto"),
            ("date", "2026-12-31", "treinta y uno de diciembre"),
            ("full", "2026-03-03", "martes tres de marzo"),
            ("full", "2026-11-01", "domingo primero de noviembre"),
            ("year", "1958-03-14", "catorce de marzo de mil novecientos cincuenta y ocho"),
            ("year", "2026-11-27", "veintisiete de noviembre de dos mil veintiséis"),
            ("year", "2000-02-29", "veintinueve de febrero de dos mil"),
            ("time", "09:30", "nueve y media de la mañana"),
            ("time", "09:00", "nueve de la mañana"),
            ("time", "09:15", "nueve y cuarto de la mañana"),
            ("time", "09:05", "nueve y cinco de la mañana"),
            ("time", "09:45", "nueve y cuarenta y cinco de la mañana"),
            ("time", "01:00", "una de la madrugada"),
            ("time", "05:59", "cinco y cincuenta y nueve de la madrugada"),
            ("time", "06:00", "seis de la mañana"),
            ("time", "00:00", "doce de la noche"),
            ("time", "12:00", "doce del mediodía"),
            ("time", "12:30", "doce y media del mediodía"),
            ("time", "13:00", "una de la tarde"),
            ("time", "18:40", "seis y cuarenta de la tarde"),
            ("time", "19:00", "siete de la noche"),
            ("time", "23:01", "once y uno de la noche"),
            ("at", "13:00", "a la una de la tarde"),
            ("at", "01:30", "a la una y media de la madrugada"),
            ("at", "09:30", "a las nueve y media de la mañana"),
            ("at", "00:00", "a las doce de la noche"),
            ("duration", "0", "cero segundos"),
            ("duration", "1", "un segundo"),
            ("duration", "90", "un minuto y treinta segundos"),
            ("duration", "5400", "una hora y treinta minutos"),
            ("duration", "76860", "veintiuna horas y veintiún minutos"),
            ("duration", "180061", "dos días y dos horas"),
        ],
    );
}

#[test]
fn spanish_money_telephone_numbers_and_codes() {
    let rules = rules(SPANISH);
    check(
        &rules,
        &[
            ("cents", "1205", "doce dólares con cinco centavos"),
            ("cents", "100", "un dólar"),
            ("cents", "101", "un dólar con un centavo"),
            ("cents", "2100", "veintiún dólares"),
            ("cents", "3100", "treinta y un dólares"),
            ("cents", "1", "un centavo"),
            ("cents", "21", "veintiún centavos"),
            ("cents", "0", "cero dólares"),
            ("cents", "100000000", "un millón de dólares"),
            ("cents", "200000000", "dos millones de dólares"),
            ("cents", "100000100", "un millón un dólares"),
            ("cents", "-1205", "menos doce dólares con cinco centavos"),
            ("phone", "6175550142", "seis uno siete, cinco cinco cinco, cero uno cuatro dos"),
            ("phone", "5550142", "cinco cinco cinco, cero uno cuatro dos"),
            ("code", "B7", "B de burro, siete"),
            ("code", "Ñ2", "Ñ de ñandú, dos"),
            ("code", "zx", "Z de zapato, X de xilófono"),
            ("code", "ß", "! a character has no name in this language"),
        ],
    );
}
