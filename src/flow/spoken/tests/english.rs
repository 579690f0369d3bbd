//! English, row by row.

use super::*;

#[test]
fn english_numbers() {
    let rules = rules(ENGLISH);
    check(
        &rules,
        &[
            ("number", "0", "zero"),
            ("number", "1", "one"),
            ("number", "10", "ten"),
            ("number", "13", "thirteen"),
            ("number", "20", "twenty"),
            ("number", "21", "twenty one"),
            ("number", "99", "ninety nine"),
            ("number", "100", "one hundred"),
            ("number", "101", "one hundred one"),
            ("number", "119", "one hundred nineteen"),
            ("number", "840", "eight hundred forty"),
            ("number", "1000", "one thousand"),
            ("number", "1001", "one thousand one"),
            ("number", "12345", "twelve thousand three hundred forty five"),
            ("number", "100000", "one hundred thousand"),
            ("number", "1000000", "one million"),
            (
                "number",
                "999999999",
                "nine hundred ninety nine million nine hundred ninety nine thousand nine hundred ninety nine",
            ),
            ("number", "1000000000", "one zero zero zero zero zero zero zero zero zero"),
            ("number", "-5", "minus five"),
            (
                "number",
                "-9223372036854775808",
                "minus nine two two three three seven two zero three six eight five four seven seven five eight zero eight",
            ),
            ("by ordinal", "1", "first"),
            ("by ordinal", "3", "third"),
            ("by ordinal", "12", "twelfth"),
            ("by ordinal", "20", "twentieth"),
            ("by ordinal", "22", "twenty second"),
            ("by ordinal", "31", "thirty first"),
            ("by ordinal", "100", "one hundredth"),
            ("by ordinal", "121", "one hundred twenty first"),
            ("by ordinal", "2000", "two thousandth"),
            ("by year", "1066", "one thousand sixty six"),
            ("by year", "1900", "nineteen hundred"),
            ("by year", "1905", "nineteen oh five"),
            ("by year", "1910", "nineteen ten"),
            ("by year", "1958", "nineteen fifty eight"),
            ("by year", "1999", "nineteen ninety nine"),
            ("by year", "2000", "two thousand"),
            ("by year", "2009", "two thousand nine"),
            ("by year", "2010", "twenty ten"),
            ("by year", "2026", "twenty twenty six"),
            ("by nothing", "1", "! the language has no such set of numbers"),
            ("count days", "1", "one day"),
            ("count days", "0", "zero days"),
            ("count days", "21", "twenty one days"),
            ("count minutes", "1000000", "one million minutes"),
            ("count cows", "2", "! the language has no such noun"),
        ],
    );
}

#[test]
fn english_dates_and_times() {
    let rules = rules(ENGLISH);
    check(
        &rules,
        &[
            ("weekday", "2026-11-24", "Tuesday"),
            ("weekday", "2026-11-29", "Sunday"),
            ("date", "2026-03-03", "March third"),
            ("date", "2026-12-31", "December thirty first"),
            ("date", "2026-01-01", "January first"),
            ("date", "2026-05-20", "May twentieth"),
            ("full", "2026-03-03", "Tuesday, March third"),
            ("full", "2026-07-04", "Saturday, July fourth"),
            ("year", "1958-03-14", "March fourteenth, nineteen fifty eight"),
            ("year", "2004-02-29", "February twenty ninth, two thousand four"),
            ("year", "2012-08-08", "August eighth, twenty twelve"),
            ("time", "09:30", "nine thirty in the morning"),
            ("time", "09:00", "nine in the morning"),
            ("time", "09:05", "nine oh five in the morning"),
            ("time", "00:00", "twelve midnight"),
            ("time", "00:30", "twelve thirty at night"),
            ("time", "01:00", "one at night"),
            ("time", "04:00", "four in the morning"),
            ("time", "11:59", "eleven fifty nine in the morning"),
            ("time", "12:00", "twelve noon"),
            ("time", "12:10", "twelve ten in the afternoon"),
            ("time", "13:15", "one fifteen in the afternoon"),
            ("time", "16:45", "four forty five in the afternoon"),
            ("time", "17:00", "five in the evening"),
            ("time", "20:20", "eight twenty in the evening"),
            ("time", "21:00", "nine at night"),
            ("time", "23:59", "eleven fifty nine at night"),
            ("at", "13:00", "at one in the afternoon"),
            ("at", "09:30", "at nine thirty in the morning"),
            ("duration", "0", "zero seconds"),
            ("duration", "1", "one second"),
            ("duration", "60", "one minute"),
            ("duration", "90", "one minute and thirty seconds"),
            ("duration", "3600", "one hour"),
            ("duration", "5400", "one hour and thirty minutes"),
            ("duration", "3605", "one hour and five seconds"),
            ("duration", "172800", "two days"),
            ("duration", "180061", "two days and two hours"),
        ],
    );
}

#[test]
fn english_money_telephone_numbers_and_codes() {
    let rules = rules(ENGLISH);
    check(
        &rules,
        &[
            ("cents", "1205", "twelve dollars and five cents"),
            ("cents", "100", "one dollar"),
            ("cents", "101", "one dollar and one cent"),
            ("cents", "1", "one cent"),
            ("cents", "99", "ninety nine cents"),
            ("cents", "0", "zero dollars"),
            ("cents", "2500", "twenty five dollars"),
            ("cents", "123456", "one thousand two hundred thirty four dollars and fifty six cents"),
            ("cents", "-1205", "minus twelve dollars and five cents"),
            ("cents", "100000000", "one million dollars"),
            ("phone", "6175550142", "six one seven, five five five, zero one four two"),
            ("phone", "(617) 555-0142", "six one seven, five five five, zero one four two"),
            ("phone", "+16175550142", "one, six one seven, five five five, zero one four two"),
            ("phone", "5550142", "five five five, zero one four two"),
            ("phone", "0142", "zero one four, two"),
            ("phone", "911", "nine one one"),
            ("phone", "", "! there is nothing to say"),
            ("phone", "123456789012345678901234567890123", "! it has more than 32 characters"),
            ("code", "B7", "B as in boy, seven"),
            ("code", "k-42", "K as in king, four, two"),
            ("code", "ZX", "Z as in zebra, X as in X ray"),
            ("code", "Ñ", "! a character has no name in this language"),
            ("code", "a_b", "! a character has no name in this language"),
            ("code", " - ", "! there is nothing to say"),
        ],
    );
}
