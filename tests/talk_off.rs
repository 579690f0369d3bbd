//! Talk-off: no key and no fax machine in an hour of speech, half of it English, half Spanish.
//!
//! The speech is made here, by `espeak-ng` in many voices, pitches and speeds, of sentences that are said in
//! clinics; `sox` brings it to 8 kHz. Both write into pipes, nothing is kept.

use careline::audio::dtmf;
use careline::audio::fax;
use careline::rng::Rng;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Samples in half an hour.
const HALF_AN_HOUR: u64 = 1_800 * 8_000;

#[test]
fn half_an_hour_of_english_has_no_key_in_it() {
    let voices =
        ["en-us", "en-gb", "en-us+f2", "en-gb-scotland", "en-us+m3", "en-us+f4", "en-029", "en-us+m7"];
    listen(&voices, &ENGLISH);
}

#[test]
fn half_an_hour_of_spanish_has_no_key_in_it() {
    let voices = ["es", "es-419", "es+f2", "es-419+f4", "es+m3", "es-419+m7", "es+f3", "es-419+m1"];
    listen(&voices, &SPANISH);
}

/// What a sentence may be made of; `{}` stands for a word, `#` for a digit.
struct Language {
    sentences: &'static [&'static str],
    words: &'static [&'static str],
}

fn listen(voices: &[&str], language: &Language) {
    let mut rng = Rng::seeded(0x5bee);
    let mut told = Vec::new();
    let mut samples = 0;
    for voice in voices.iter().cycle() {
        if samples >= HALF_AN_HOUR {
            break;
        }
        let (pitch, words_a_minute) = (10 + rng.below(85), 120 + rng.below(110));
        let text: String = (0..60).map(|_| sentence(&mut rng, language)).collect();
        let mut keys = dtmf::Detector::new();
        let mut machines = fax::Detector::new();
        samples += speak(voice, pitch, words_a_minute, &text, &mut |sound| {
            keys.hear(sound, &mut |heard| {
                told.push(format!("{heard:?} by {voice} at pitch {pitch}, {words_a_minute}"))
            });
            if let Some(tone) = machines.hear(sound) {
                told.push(format!("{tone:?} by {voice} at pitch {pitch}, {words_a_minute} words a minute"));
            }
        });
    }
    assert!(told.is_empty(), "{} in {} s of speech:\n{}", told.len(), samples / 8_000, told.join("\n"));
}

fn sentence(rng: &mut Rng, language: &Language) -> String {
    let any = |rng: &mut Rng, of: &[&'static str]| of[rng.below(of.len() as u64) as usize];
    let pattern = any(rng, language.sentences);
    let mut sentence = String::new();
    for sign in pattern.chars() {
        match sign {
            '~' => sentence.push_str(any(rng, language.words)),
            '#' => sentence.push_str(&format!("{} ", rng.below(10))),
            sign => sentence.push(sign),
        }
    }
    sentence + "\n"
}

/// Has `text` spoken, gives its sound piece by piece and tells how many samples it was.
fn speak(voice: &str, pitch: u64, words_a_minute: u64, text: &str, hear: &mut impl FnMut(&[i16])) -> u64 {
    let (pitch, speed) = (pitch.to_string(), words_a_minute.to_string());
    let (mut speaker, mut words, speech) = start(
        Command::new("espeak-ng").args(["-v", voice, "-p", &pitch, "-s", &speed, "--stdout"]),
        Stdio::piped(),
    );
    words.take().expect("its input is a pipe").write_all(text.as_bytes()).expect("espeak-ng reads its text");
    let (mut resampler, _, mut sound) = start(
        Command::new("sox").args([
            "-t",
            "wav",
            "--ignore-length",
            "-",
            "-t",
            "raw",
            "-r",
            "8000",
            "-e",
            "signed",
            "-b",
            "16",
            "-",
        ]),
        Stdio::from(speech),
    );
    let mut octets = Vec::new();
    sound.read_to_end(&mut octets).expect("sox writes samples");
    assert!(speaker.wait().expect("espeak-ng ends").success(), "espeak-ng failed with voice {voice}");
    assert!(resampler.wait().expect("sox ends").success(), "sox failed");
    let samples: Vec<i16> =
        octets.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    assert!(
        samples.len() > 8_000 && samples.iter().any(|sample| sample.abs() > 1_000),
        "{voice} said nothing"
    );
    samples.chunks(160).for_each(hear);
    samples.len() as u64
}

/// Starts a program between two pipes.
fn start(command: &mut Command, input: Stdio) -> (Child, Option<ChildStdin>, ChildStdout) {
    let name = command.get_program().to_string_lossy().into_owned();
    let command = command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("{name} is needed (apt-get install espeak-ng sox): {error}"));
    let (input, output) = (child.stdin.take(), child.stdout.take().expect("its output is a pipe"));
    (child, input, output)
}

const ENGLISH: Language = Language {
    sentences: &[
        "Hello, this is ~ calling about the ~ for my ~.",
        "I would like to move my appointment with doctor ~ to ~, please.",
        "My date of birth is ~ # #, nineteen # #.",
        "The number to call me back is # # #, # # #, # # # #.",
        "Can you tell me whether the ~ came back from the ~?",
        "I have had a ~ since ~, and the ~ does not help any more.",
        "She takes # # milligrams of ~ every ~, and she has run out of it.",
        "The pharmacy says that they need a new ~ from doctor ~.",
        "Is there anything free on ~ morning, at # or at half past #?",
        "No, I am sorry, I can't hear you; please say that again.",
        "My insurance card says ~, member number # # # # # #.",
        "How long do I have to wait for the ~, and should I bring my ~?",
        "Yes. Yes, that is right. Thank you, see you on ~.",
        "Please hold the line while I look for the ~ of your ~.",
    ],
    words: &[
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "January",
        "August",
        "November",
        "prescription",
        "refill",
        "blood test",
        "x-ray",
        "results",
        "referral",
        "fever",
        "cough",
        "headache",
        "swelling",
        "ibuprofen",
        "metformin",
        "lisinopril",
        "amoxicillin",
        "insulin",
        "laboratory",
        "cardiology",
        "physical therapy",
        "daughter",
        "husband",
        "mother",
        "evening",
        "morning",
        "Nguyen",
        "Robinson",
        "O'Sullivan",
        "Patel",
        "Whitaker",
        "Lee",
        "vaccination",
        "check-up",
        "knee",
        "shoulder",
        "chest",
        "stomach",
        "Medicare",
        "waiting list",
        "emergency",
        "six weeks",
        "wheelchair",
        "oxygen",
    ],
};

const SPANISH: Language = Language {
    sentences: &[
        "Hola, soy ~ y llamo por la cita de mi ~.",
        "Quisiera cambiar la cita con la doctora ~ para el ~, por favor.",
        "Mi fecha de nacimiento es el # de ~ de mil novecientos # #.",
        "Mi número de teléfono es el # # #, # # #, # # # #.",
        "¿Me puede decir si ya llegó el resultado de ~?",
        "Tengo ~ desde el ~, y la ~ ya no me ayuda.",
        "Ella toma # # miligramos de ~ cada ~, y ya no le queda.",
        "En la farmacia dicen que necesitan una nueva ~ del doctor ~.",
        "¿Hay algo libre el ~ por la mañana, a las # o a las # y media?",
        "No, lo siento, no le escucho bien; repítamelo, por favor.",
        "En la tarjeta del seguro dice ~, número # # # # # #.",
        "¿Cuánto tengo que esperar para la ~, y tengo que llevar mi ~?",
        "Sí. Sí, así es. Muchas gracias, hasta el ~.",
        "Espere un momento en la línea mientras busco la ~ de su ~.",
    ],
    words: &[
        "lunes",
        "martes",
        "miércoles",
        "jueves",
        "viernes",
        "sábado",
        "enero",
        "agosto",
        "noviembre",
        "receta",
        "análisis de sangre",
        "radiografía",
        "resultados",
        "consulta",
        "fiebre",
        "tos",
        "dolor de cabeza",
        "hinchazón",
        "ibuprofeno",
        "metformina",
        "amoxicilina",
        "insulina",
        "laboratorio",
        "cardiología",
        "fisioterapia",
        "hija",
        "esposo",
        "mamá",
        "tarde",
        "mañana",
        "Hernández",
        "Rodríguez",
        "Guadalupe",
        "Jiménez",
        "Villanueva",
        "Ortiz",
        "vacuna",
        "revisión",
        "rodilla",
        "hombro",
        "pecho",
        "estómago",
        "lista de espera",
        "emergencia",
        "seis semanas",
        "silla de ruedas",
        "oxígeno",
        "niño",
    ],
};
