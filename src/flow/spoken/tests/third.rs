//! A third language by a file alone: German, which says ones before tens, has three genders and the day with a dot.

use super::*;

const GERMAN: &str = r#"
language: de
clock: 24
plurals: {one: "1"}
numbers:
  cardinal: {0: null, 1: eins, 2: zwei, 3: drei, 4: vier, 5: fünf, 6: sechs, 7: sieben, 8: acht, 9: neun, 10: zehn, 11: elf, 12: zwölf, 13: dreizehn, 14: vierzehn, 15: fünfzehn, 16: sechzehn, 17: siebzehn, 18: achtzehn, 19: neunzehn, 20: "[{low:short} und] zwanzig", 30: "[{low:short} und] dreißig", 40: "[{low:short} und] vierzig", 50: "[{low:short} und] fünfzig", 60: "[{low:short} und] sechzig", 70: "[{low:short} und] siebzig", 80: "[{low:short} und] achtzig", 90: "[{low:short} und] neunzig", 100: "{high:short} hundert[ {low}]", 1000: "{high:short} tausend[ {low}]", 1000000: "eine Million[ {low}]", 2000000: "{high} Millionen[ {low}]"}
  short: {0: "{same:cardinal}", 1: ein, 2: "{same:cardinal}"}
  feminine: {0: "{same:cardinal}", 1: eine, 2: "{same:cardinal}"}
  digit: {0: "{same:cardinal}", 2: zwo, 3: "{same:cardinal}"}
  ordinal: {0: nullte, 1: erster, 2: "{same:cardinal} ter", 3: dritter, 4: "{same:cardinal} ter", 20: "{same:cardinal} ster"}
  minutes: {0: "", 1: "{same:cardinal}"}
patterns:
  date: "{day:ordinal} {month}"
  date_with_year: "{day:ordinal} {month} {year:cardinal}"
  full_date: "{weekday}, {day:ordinal} {month}"
  time: "{hour:short} Uhr {minute:minutes}"
  at_time: "um {hour:short} Uhr {minute:minutes}"
  money: "{first} und {second}"
  duration: "{first} und {second}"
  counted: "{count} {noun}"
  less: "minus {value}"
nouns:
  money: {numbers: short, one: Euro, other: Euro}
  money_part: {numbers: short, one: Cent, other: Cent}
  days: {numbers: short, one: Tag, other: Tage}
  hours: {numbers: feminine, one: Stunde, other: Stunden}
  minutes: {numbers: feminine, one: Minute, other: Minuten}
  seconds: {numbers: feminine, one: Sekunde, other: Sekunden}
months: [Januar, Februar, März, April, Mai, Juni, Juli, August, September, Oktober, November, Dezember]
weekdays: [Montag, Dienstag, Mittwoch, Donnerstag, Freitag, Samstag, Sonntag]
parts_of_day: {"00:00": ""}
phone: {10: 3 3 4}
letters: {b: B wie Berta}
name: German
keys:
  offer: "drücken Sie die {key}"
  press: [drücken, drücke, wählen]
  not: [nicht, nie]
  skip: [sie, die, den, das]
  for: [für, wenn]
  0: ["null"]
  1: [eins]
  2: [zwei, zwo]
  3: [drei]
  4: [vier]
  5: [fünf]
  6: [sechs]
  7: [sieben]
  8: [acht]
  9: [neun]
  star: [stern, sterntaste]
  pound: [raute, rautetaste]
  or: [oder, und]
yes_no: {"yes": [ja], "no": [nein], offer: "Drücken Sie die 1 für ja, die 2 für nein."}
reading: none
"#;

#[test]
fn a_third_language_is_a_file_and_nothing_else() {
    let rules = rules(GERMAN);
    check(
        &rules,
        &[
            ("number", "21", "ein und zwanzig"),
            ("number", "171", "ein hundert ein und siebzig"),
            ("number", "2001", "zwei tausend eins"),
            ("date", "2026-03-03", "dritter März"),
            ("full", "2026-03-21", "Samstag, ein und zwanzig ster März"),
            ("time", "01:00", "ein Uhr"),
            ("time", "00:15", "null Uhr fünfzehn"),
            ("at", "21:30", "um ein und zwanzig Uhr dreißig"),
            ("duration", "3660", "eine Stunde und eine Minute"),
            ("cents", "101", "ein Euro und ein Cent"),
            ("phone", "6175550142", "sechs eins sieben, fünf fünf fünf, null eins vier zwo"),
            ("code", "b2", "B wie Berta, zwo"),
        ],
    );
    numbers_differ(&rules, "cardinal");
}
