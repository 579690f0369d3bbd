//! A supervisor and a third party beside a patient and the front desk, each with a tone: what the recording holds of
//! them, and what each softphone heard.

use super::*;

const SUPERVISOR_HZ: f64 = 1_600.0;
/// 20 ms packets in each part: four seconds.
const PART: u64 = 200;

/// Which tones each half second holds: 1 the patient's, 2 the person's, 4 the supervisor's, as one digit.
fn halves_of_three(side: &[f64]) -> String {
    let of_half = |half: &[f64]| {
        let is_heard = |hertz| sound::power(half) > 1e-6 && sound::share_of(half, hertz) > 0.15;
        let tones = [(PATIENT_HZ, 1), (PERSON_HZ, 2), (SUPERVISOR_HZ, 4)];
        tones.into_iter().filter(|(hertz, _)| is_heard(*hertz)).map(|(_, worth)| worth).sum::<u32>()
    };
    side.chunks_exact(4_000).filter_map(|half| char::from_digit(of_half(half), 8)).collect()
}

/// Of the stretches of 20 ms from the first one with sound to the last, the share without sound. A busy machine may cost a few.
fn silent_share(side: &[f64]) -> f64 {
    let loud: Vec<bool> = side.chunks_exact(160).map(|tick| sound::power(tick) > 1e-6).collect();
    let [first, last] = [loud.iter().position(|it| *it), loud.iter().rposition(|it| *it)];
    let between = first.zip(last).map_or(&[][..], |(first, last)| &loud[first..=last]);
    assert!(between.len() > 250, "the tone is there for 5 s: {} stretches of 20 ms", between.len());
    between.iter().filter(|it| !**it).count() as f64 / between.len() as f64
}

/// What lasts for a second and more, each once: what is between two parts is neither.
fn parts(halves: &str) -> String {
    let mut parts = String::new();
    for pair in halves.as_bytes().windows(2).filter(|pair| pair[0] == pair[1] && pair[0] != b'0') {
        if parts.as_bytes().last() != Some(&pair[0]) {
            parts.push(char::from(pair[0]));
        }
    }
    parts
}

/// Everything that a baresip heard, a file for each call.
fn all_kept(home: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(home).expect("it was written").filter_map(Result::ok);
    entries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with("-dec.wav")).collect()
}

/// The flows name the supervisor too.
fn name_in_flows(home: &Path, target: &str) {
    let file = home.join("ivr-flows/clinic.yaml");
    let text = fs::read_to_string(&file).expect("it was copied");
    let rung = "ring: 25 s}\n";
    assert!(text.contains(rung), "the ladder has another form:\n{text}");
    let more = format!("{rung}  - {{call: \"{target}\", ring: 25 s}}\n");
    fs::write(&file, text.replacen(rung, &more, 1)).expect("the test's own directory can be written");
}

#[test]
fn a_supervisor_listens_whispers_and_barges_in_and_each_tone_is_only_where_it_belongs() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let sounds = home.path().join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    let wishes = Wishes { sounds, notice: Notice::InTheFirstWords, ..Wishes::default() };
    let (sip, at_desk) = engine::furnish(home.path(), &wishes);
    let at = engine::free_port();
    let target = format!("sip:maria@{at}");
    name_in_flows(home.path(), &target);
    let engine = Engine::start_again(home.path(), sip, at_desk);
    let [desk_home, her_home] = ["desk", "maria"].map(|name| home.path().join(name));
    let mut desk = front_desk(&desk_home, engine.desk, &tone_file(&desk_home, PERSON_HZ, PCMU.rate), PCMU);
    furnish(
        &her_home,
        at,
        &tone_file(&her_home, SUPERVISOR_HZ, PCMU.rate),
        PCMU,
        "<sip:maria@127.0.0.1>;regint=0;answermode=auto",
    );
    let mut supervisor = run(&her_home, &[]);
    engine::eventually(|| TcpStream::connect(at).ok(), || format!("baresip at {at}; {}", said(&her_home)));
    let phone = Phone::call(engine.sip, "100", PATIENT_HZ).unwrap_or_else(|fault| panic!("{fault}"));
    engine.wait_for("a recording", |figures| figures["recorder_opened"] == 1);
    let (call, _) = engine.calls().pop().expect("a call");
    let early = engine.ask(&["listen", &call, &target]);
    assert!(!early.status.success(), "nobody talks with the caller yet");
    phone.press(0);
    engine.wait_for("the front desk to answer", |figures| figures["bridged"] == 1);
    phone.listen(PART);
    for (command, told) in [
        ("listen", "is in: hears both, and nobody hears him"),
        ("whisper", "is heard by the person alone now"),
        ("barge", "is heard by all now"),
    ] {
        assert_eq!(engine.told(&[command, &call, &target]).trim(), told);
        phone.listen(PART);
    }
    assert_eq!(engine.told(&["leave", &call, "maria"]).trim(), "is out of the talk");
    phone.listen(PART);
    assert_eq!(engine.told(&["join", &call, &target]).trim(), "is in: all hear each other");
    phone.listen(PART);
    let heard = phone.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
    let figures = engine.wait_for("the end of the call and of its files", |figures| {
        (figures["calls_ended"], figures["recorder_closed"], figures["ports_in_use"]) == (1, 1, 0)
    });
    let over = || said(&her_home).contains("terminated").then_some(());
    engine::eventually(over, || format!("baresip to hear of the end; {}", said(&her_home)));
    for phone in [&mut desk, &mut supervisor] {
        phone.kill().expect("it runs until it is told to stop");
        phone.wait().expect("it is our child");
    }
    assert_eq!((heard.missing, heard.out_of_order), (0, 0), "one unbroken stream: {heard:?}");
    assert_eq!((figures["guests_joined"], figures["guest_changes"], figures["guests_in"]), (2, 2, 0));
    let file = engine::recordings(home.path()).pop().expect("one recording is closed");
    let stereo = sound::read(&file).unwrap_or_else(|fault| panic!("{fault}"));
    let silent = silent_share(&stereo.left);
    assert!(silent < 0.03, "with three in the talk the patient's tone goes on: {silent} of it is silence");
    let [left, right] = [&stereo.left, &stereo.right].map(|side| halves_of_three(side));
    println!("half seconds of the patient: {left}\nhalf seconds of our side:   {right}");
    assert_eq!(parts(&left), "1", "the patient alone on the left: {left}");
    assert_eq!(parts(&right), "2626", "the supervisor when all hear him, and never before: {right}");
    let at_desk = halves_of_three(&one_channel(&kept(&desk_home)));
    println!("half seconds at the desk:    {at_desk}");
    assert_eq!(parts(&at_desk), "1515", "the desk hears the whisper too: {at_desk}");
    let at_hers: Vec<String> =
        all_kept(&her_home).iter().map(|file| parts(&halves_of_three(&one_channel(file)))).collect();
    assert_eq!(at_hers, ["3", "3"], "she heard both, and never herself");
    let frequency = sox(&file, "1").0;
    assert!((frequency - PATIENT_HZ).abs() < PATIENT_HZ * 0.05, "sox hears {frequency} Hz on the left");
    let record = record_of(&engine, &file);
    for line in [
        "a supervisor listens in",
        "whispers to the person now",
        "is heard by all now",
        "a third party joins",
    ] {
        assert!(record.contains(line), "{line}:\n{record}");
    }
}
