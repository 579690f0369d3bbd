//! The registrar by RFC 3261 §10.3: what each REGISTER is answered, and where calls go afterwards.

use super::*;
use crate::rng::Rng;
use crate::sip::way::Transport;
use crate::wire::sip::header::Headers;
use crate::wire::sip::message::{Message, parse};
use crate::wire::sip::name::Name;
use crate::wire::sip::registration::wish;
use proptest::prelude::*;

const PHONE: &str = "192.0.2.7:5060";

struct Bench {
    registrar: Registrar,
    way: Way,
    path: &'static str,
}

fn after(seconds: u64) -> Instant {
    Instant::START + Duration::from_secs(seconds)
}

fn udp(remote: &str) -> Way {
    Way::udp("10.0.0.1:5060".parse().unwrap(), remote.parse().unwrap())
}

fn tcp(remote: &str, connection: u64) -> Way {
    Way { transport: Transport::Tcp, connection: Some(ConnectionId(connection)), ..udp(remote) }
}

fn with_headers<T>(lines: &str, read: impl FnOnce(&Headers<'_>) -> T) -> T {
    let text = format!("REGISTER sip:clinic SIP/2.0\r\n{lines}\r\n");
    let Ok(Message::Request(request)) = parse(text.as_bytes()) else { panic!("{text}") };
    read(&request.headers)
}

impl Bench {
    fn new() -> Self {
        Self { registrar: Registrar::new(1_000_000, Rng::seeded(1)), way: udp(PHONE), path: "" }
    }

    /// Sends a REGISTER of ann; its 200, or the error.
    fn send(&mut self, at_s: u64, call_id: &str, cseq: u32, lines: &str) -> Result<Bound, Refused> {
        let Self { registrar, way, path } = self;
        with_headers(lines, |headers| {
            let wish = wish(headers, 20).unwrap_or_else(|error| panic!("{error} in {lines}"));
            let (call_id, path) = (call_id.as_bytes(), path.as_bytes());
            registrar
                .register(after(at_s), &Registration { user: "ann", way: *way, call_id, cseq, path, wish })
        })
    }

    /// The same as text: Contacts without the chance in their times, and whether the 200 waits.
    fn said(&mut self, at_s: u64, call_id: &str, cseq: u32, lines: &str) -> String {
        match self.send(at_s, call_id, cseq, lines) {
            Err(refused) => refused.status().to_string(),
            Ok(Bound { contacts, waits_for }) => {
                let plain = |value: &Vec<u8>| {
                    let text = String::from_utf8_lossy(value).into_owned();
                    let (before, rest) = text.split_once(";expires=").unwrap();
                    let end = rest.find(';').unwrap_or(rest.len());
                    format!("{before}{}", &rest[end..])
                };
                let contacts: Vec<String> = contacts.iter().map(plain).collect();
                let waits = if waits_for.is_some() { "waits " } else { "" };
                format!("{waits}{}", contacts.join(" "))
            }
        }
    }

    /// Where calls go.
    fn rings(&self, at_s: u64) -> String {
        let text = |one: &Reached| {
            let way = format!("{}/{}", one.way.transport.in_uri(), one.way.remote);
            let route = String::from_utf8_lossy(one.route.expose()).into_owned();
            format!("{}@{way}{route}", String::from_utf8_lossy(one.uri.expose()))
        };
        self.registrar.reached(after(at_s), "ann").iter().map(text).collect::<Vec<_>>().join(" ")
    }

    fn kept(&mut self) -> Vec<(u64, usize)> {
        std::iter::from_fn(|| self.registrar.poll_output())
            .map(|keep| (keep.change, keep.bindings.len()))
            .collect()
    }
}

#[test]
fn each_register_is_answered_with_what_holds_and_only_changes_wait_for_the_disk() {
    // RFC 3261 §10.2.1, §10.2.2, §10.2.3, §10.2.4, §10.3
    let mut bench = Bench::new();
    for (at_s, call_id, cseq, lines, expected) in [
        (0, "a", 1, "", ""),
        (1, "a", 2, "Contact: <sip:ann@192.0.2.7>\r\n", "waits <sip:ann@192.0.2.7>"),
        (2, "a", 3, "Contact: <sip:ann@192.0.2.7>\r\n", "<sip:ann@192.0.2.7>"),
        (3, "a", 3, "Contact: <sip:ann@192.0.2.7>\r\n", "500"),
        (4, "a", 2, "Contact: <sip:ann@192.0.2.7>\r\n", "500"),
        (5, "b", 1, "Contact: <sip:ann@192.0.2.7>\r\n", "<sip:ann@192.0.2.7>"),
        (6, "b", 2, "m: <sip:%61nn@192.0.2.7>;q=0.5\r\n", "waits <sip:%61nn@192.0.2.7>;q=0.500"),
        (
            7,
            "c",
            1,
            "m: <sip:cell@192.0.2.7:5070>;expires=600\r\n",
            "waits <sip:%61nn@192.0.2.7>;q=0.500 <sip:cell@192.0.2.7:5070>",
        ),
        (8, "d", 1, "", "<sip:%61nn@192.0.2.7>;q=0.500 <sip:cell@192.0.2.7:5070>"),
        (9, "c", 2, "m: <sip:cell@192.0.2.7:5070>;expires=59\r\n", "423"),
        (
            9,
            "c",
            3,
            "m: <sip:gone@192.0.2.7>;expires=0\r\n",
            "<sip:%61nn@192.0.2.7>;q=0.500 <sip:cell@192.0.2.7:5070>",
        ),
        (10, "c", 4, "m: <sip:cell@192.0.2.7:5070>\r\nExpires: 0\r\n", "waits <sip:%61nn@192.0.2.7>;q=0.500"),
        (11, "b", 2, "Contact: *\r\nExpires: 0\r\n", "500"),
        (12, "b", 3, "Contact: *\r\nExpires: 0\r\n", "waits "),
        (13, "b", 4, "Contact: *\r\nExpires: 0\r\n", ""),
        (14, "b", 5, "Contact: <tel:+1617>\r\n", "416"),
        (14, "b", 5, "Contact: <sips:ann@h>\r\n", "416"),
    ] {
        assert_eq!(bench.said(at_s, call_id, cseq, lines), expected, "at {at_s}: {lines}");
        bench.registrar.kept(u64::MAX);
    }
    assert_eq!(bench.registrar.bindings(), 0);
    assert_eq!(bench.kept().iter().map(|(_, rows)| *rows).collect::<Vec<_>>(), [1, 1, 1, 1, 2, 1, 0]);
}

#[test]
fn who_comes_again_before_his_change_is_on_disk_waits_for_it_too() {
    // RFC 3261 §10.3: a 200 says that it is so, and it is not while a crash takes it back.
    let mut bench = Bench::new();
    let (here, all) = ("m: <sip:ann@192.0.2.7>\r\n", "m: *\r\nExpires: 0\r\n");
    let gone = "m: <sip:ann@192.0.2.7>;expires=0\r\n";
    for (cseq, (why, kept, lines, waits_for)) in (1_u32..).zip([
        ("change", 0, here, Some(1)),
        ("change, refresh before kept: waits", 0, here, Some(1)),
        ("a question what holds promises nothing", 0, "", None),
        ("change, kept, refresh", 1, here, None),
        ("`*`", 3, all, Some(4)),
        ("`*` then `*`: waits", 3, all, Some(4)),
        ("`*` then expires=0: waits", 3, gone, Some(4)),
        ("`*`, kept, `*`", 4, all, None),
        ("a change", 4, here, Some(5)),
        ("and another one: waits for the last", 5, all, Some(6)),
        ("the first of the two is kept", 5, all, Some(6)),
        ("both are", 6, all, None),
    ]) {
        bench.registrar.kept(kept);
        assert_eq!(bench.send(u64::from(cseq), "a", cseq, lines).unwrap().waits_for, waits_for, "{why}");
    }
    assert!(bench.registrar.unkept.is_empty(), "nothing is left of what is on disk");
}

#[test]
fn one_contact_that_is_refused_leaves_all_as_it_was() {
    // RFC 3261 §10.3 step 7: all or nothing.
    let mut bench = Bench::new();
    bench.said(0, "a", 5, "m: <sip:one@192.0.2.7>\r\n");
    let before = bench.rings(1);
    for lines in [
        "m: <sip:two@192.0.2.7>, <sip:three@192.0.2.7>;expires=1\r\n",
        "m: <sip:one@192.0.2.7>;expires=0, <sip:three@192.0.2.7>;expires=59\r\n",
        "m: <sip:two@192.0.2.7>, <tel:+1617>\r\n",
    ] {
        assert!(bench.send(1, "a", 9, lines).is_err(), "{lines}");
        assert_eq!(bench.rings(1), before, "{lines}");
    }
    assert_eq!(
        bench.send(1, "a", 4, "m: <sip:two@192.0.2.7>, <sip:one@192.0.2.7>\r\n"),
        Err(Refused::OutOfOrder)
    );
    assert_eq!((bench.rings(1), bench.registrar.bindings()), (before, 1));
}

#[test]
fn calls_go_to_the_preferred_phone_first_and_among_equals_to_the_last_heard_of() {
    let mut bench = Bench::new();
    bench.said(0, "a", 1, "m: <sip:low@192.0.2.7:1>;q=0.1, <sip:old@192.0.2.7:2>;expires=600\r\n");
    bench.said(1, "b", 1, "m: <sip:new@192.0.2.7:3>;expires=3600\r\n");
    let order = "sip:new@192.0.2.7:3@udp/192.0.2.7:3 sip:old@192.0.2.7:2@udp/192.0.2.7:2 sip:low@192.0.2.7:1@udp/192.0.2.7:1";
    assert_eq!(bench.rings(2), order);
    assert!(bench.registrar.reached(after(2), "bob").is_empty());
}

#[test]
fn a_phone_that_was_restarted_has_one_binding_and_not_two() {
    // RFC 5626 §6
    let mut bench = Bench::new();
    bench.way = tcp("192.0.2.7:40001", 1);
    let contact = |port: u32, id: u32| {
        format!("m: <sip:ann@192.0.2.7:{port};transport=tcp>;+sip.instance=\"<urn:uuid:1>\";reg-id={id}\r\n")
    };
    bench.said(0, "a", 1, &contact(40_001, 1));
    bench.way = tcp("192.0.2.7:40002", 2);
    let told = bench.said(1, "b", 1, &contact(40_002, 1));
    assert_eq!(told, "<sip:ann@192.0.2.7:40002;transport=tcp>;+sip.instance=\"<urn:uuid:1>\";reg-id=1");
    assert_eq!(bench.rings(2), "sip:ann@192.0.2.7:40002;transport=tcp@tcp/192.0.2.7:40002");
    bench.said(2, "b", 2, &contact(40_003, 2));
    assert_eq!(bench.registrar.bindings(), 2, "another flow of the same phone");
    bench.registrar.lost(ConnectionId(1));
    assert_eq!(bench.registrar.bindings(), 2, "nothing is left that came by the first connection");
}

#[test]
fn a_binding_over_a_connection_ends_with_it_and_is_not_kept() {
    // RFC 5626 §4.2, §5.3
    let mut bench = Bench::new();
    bench.way = tcp("192.0.2.7:40001", 1);
    let told = bench.said(0, "a", 1, "m: <sip:ann@192.0.2.7:40001>\r\n");
    assert_eq!(told, "<sip:ann@192.0.2.7:40001>", "there is nothing that a disk could keep of it");
    assert_eq!(bench.kept(), []);
    bench.way = udp(PHONE);
    bench.said(1, "b", 1, "m: <sip:cell@192.0.2.7>\r\n");
    bench.registrar.lost(ConnectionId(2));
    assert_eq!(bench.registrar.bindings(), 2);
    bench.registrar.lost(ConnectionId(1));
    assert_eq!(bench.rings(2), "sip:cell@192.0.2.7@udp/192.0.2.7:5060");
    assert_eq!(bench.kept(), [(1, 1)], "the one by datagrams");
    // The phone that was known by datagrams comes by a connection now.
    bench.way = tcp("192.0.2.7:40002", 3);
    let told = bench.said(3, "b", 2, "m: <sip:cell@192.0.2.7>\r\n");
    assert_eq!((told.as_str(), bench.kept()), ("waits <sip:cell@192.0.2.7>", vec![(2, 0)]));
}

#[test]
fn a_phone_behind_a_nat_or_a_proxy_is_rung_where_it_came_from() {
    // RFC 3327 §5.3, §5.4; RFC 3581 §4
    let mut bench = Bench::new();
    bench.way = udp("203.0.113.9:31000");
    bench.said(0, "a", 1, "m: <sip:ann@10.1.1.1:5060>\r\n");
    assert_eq!(bench.rings(1), "sip:ann@10.1.1.1:5060@udp/203.0.113.9:31000");
    bench.way = udp("203.0.113.9:31001");
    assert!(bench.said(2, "a", 2, "m: <sip:ann@10.1.1.1:5060>\r\n").starts_with("waits"), "the NAT moved it");
    assert_eq!(bench.rings(3), "sip:ann@10.1.1.1:5060@udp/203.0.113.9:31001");
    bench.path = "<sip:edge.example;lr>,<sip:in.example;lr>";
    bench.said(4, "a", 3, "m: <sip:ann@10.1.1.1:5060>\r\n");
    assert_eq!(
        bench.rings(5),
        "sip:ann@10.1.1.1:5060@udp/203.0.113.9:31001<sip:edge.example;lr>,<sip:in.example;lr>"
    );
}

#[test]
fn times_are_shortened_by_chance_within_their_bounds_and_end() {
    // RFC 3261 §10.2.1.1, §10.3
    for (asked, least, most) in
        [("", 3_240, 3_600), ("7200", 3_240, 3_600), ("600", 540, 600), ("60", 60, 60)]
    {
        let mut seen = BTreeSet::new();
        for seed in 0..40 {
            let mut bench = Bench::new();
            bench.registrar.rng = Rng::seeded(seed);
            let line = if asked.is_empty() { String::new() } else { format!("Expires: {asked}\r\n") };
            let bound = bench.send(0, "a", 1, &format!("m: <sip:ann@h>\r\n{line}")).unwrap();
            let told = String::from_utf8(bound.contacts[0].clone()).unwrap();
            let seconds: u64 = told.rsplit('=').next().unwrap().parse().unwrap();
            assert!((least..=most).contains(&seconds), "{asked}: {told}");
            seen.insert(seconds);
            let end = bench.registrar.poll_timeout().unwrap();
            assert_eq!(end, after(seconds));
            bench.registrar.expire(after(seconds - 1));
            assert_eq!((bench.registrar.bindings(), bench.rings(seconds - 1).is_empty()), (1, false));
            assert_eq!(bench.rings(seconds), "", "not rung at its end, even before it is forgotten");
            bench.registrar.expire(end);
            assert_eq!((bench.registrar.bindings(), bench.registrar.poll_timeout()), (0, None));
        }
        assert_eq!(seen.len() == 1, least == most, "{asked}: {seen:?}");
    }
}

#[test]
fn what_was_kept_is_known_again_after_a_restart() {
    let mut bench = Bench::new();
    bench.said(0, "a", 7, "m: <sip:ann@10.1.1.1>;q=0.5;expires=600\r\n");
    let keep = bench.registrar.poll_output().unwrap();
    let lasts = keep.bindings[0].holds.as_secs();
    let mut next = Bench::new();
    next.registrar.load(after(0), &keep.user, keep.bindings);
    assert_eq!(next.rings(1), "sip:ann@10.1.1.1@udp/192.0.2.7:5060");
    assert_eq!(next.said(1, "a", 7, "m: <sip:ann@10.1.1.1>\r\n"), "500", "the order of messages is kept too");
    assert_eq!(next.said(1, "a", 8, "m: <sip:ann@10.1.1.1>;q=0.5\r\n"), "<sip:ann@10.1.1.1>;q=0.500");
    let mut late = Bench::new();
    late.registrar.load(after(0), "ann", bench.registrar.poll_output().map_or(vec![], |keep| keep.bindings));
    assert_eq!((late.rings(lasts), late.registrar.bindings()), (String::new(), 0));
}

#[test]
fn there_are_bounds_on_contacts_bindings_and_lengths() {
    let mut bench = Bench::new();
    bench.registrar.bindings_max = 12;
    let contact = |n: usize| format!("m: <sip:ann@192.0.2.7:{}>\r\n", 1_000 + n);
    for n in 0..REGISTER_CONTACTS_MAX {
        assert!(bench.send(0, &format!("c{n}"), 1, &contact(n)).is_ok());
    }
    assert_eq!(bench.send(0, "more", 1, &contact(99)), Err(Refused::TooMany));
    let swapped = format!("m: <sip:ann@192.0.2.7:1000>;expires=0\r\n{}", contact(99));
    assert!(bench.send(0, "swap", 1, &swapped).is_ok(), "one goes and one comes");
    let register = |bench: &mut Bench, user, contact: &str| {
        with_headers(&format!("m: <sip:{contact}@h>\r\n"), |headers| {
            let wish = wish(headers, 20).unwrap();
            let registration =
                Registration { user, way: udp(PHONE), call_id: b"x", cseq: 1, path: b"", wish };
            bench.registrar.register(after(0), &registration)
        })
    };
    assert!(register(&mut bench, "bob", "b").is_ok());
    assert!(register(&mut bench, "cleo", "c").is_ok());
    assert_eq!(register(&mut bench, "dora", "d"), Err(Refused::Full));
    let long = "x".repeat(REGISTER_CONTACT_MAX_OCTETS);
    assert_eq!(register(&mut bench, "bob", &long), Err(Refused::TooLong));
    assert_eq!(bench.send(0, &"x".repeat(REGISTER_NAME_MAX_OCTETS + 1), 1, ""), Err(Refused::TooLong));
    assert_eq!(bench.registrar.bindings(), 12);
}

#[test]
fn a_storm_is_served_at_the_rate_and_those_turned_away_come_back_apart() {
    let mut registrar = Registrar::new(1_000, Rng::seeded(3));
    let mut later = BTreeMap::<u32, u32>::new();
    let mut served = 0;
    for _ in 0..10_000 {
        match registrar.admit(after(0)) {
            Ok(()) => served += 1,
            Err(seconds) => *later.entry(seconds).or_default() += 1,
        }
    }
    assert_eq!(served, 1_000);
    assert!(later.keys().all(|seconds| REGISTER_RETRY_AFTER_S.contains(seconds)), "{later:?}");
    assert!(later.len() == 26 && later.values().all(|count| *count < 500), "{later:?}");
    assert!(registrar.admit(after(1)).is_ok());
}

/// One step of a phone of one of three users.
fn step() -> impl Strategy<Value = (u8, u8, u8, u32, u64)> {
    (0..3_u8, 0..4_u8, 0..6_u8, 1..9_u32, 0..900_u64)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_phones_do_counts_and_indexes_stay_true(steps in prop::collection::vec(step(), 1..80)) {
        let mut registrar = Registrar::new(1_000_000, Rng::seeded(5));
        let mut now_s = 0;
        for (cseq, (user, port, what, phone, waits_s)) in (1..).zip(steps) {
            now_s += waits_s;
            let name = ["ann", "bob", "cleo"][usize::from(user)];
            let way = match what {
                0..3 => udp("192.0.2.7:5060"),
                _ => tcp("192.0.2.7:40000", u64::from(phone)),
            };
            let lines = match what {
                0 | 3 => format!("m: <sip:x@192.0.2.7:{}>;expires=900\r\n", 5_060 + u32::from(port)),
                1 => format!("m: <sip:x@192.0.2.7:{}>;expires=0\r\n", 5_060 + u32::from(port)),
                2 => "m: *\r\nExpires: 0\r\n".to_owned(),
                4 => format!("m: <sip:y@h>;+sip.instance=\"<i{port}>\";reg-id=1, <sip:z@h>;q=0.{port}\r\n"),
                _ => {
                    registrar.lost(ConnectionId(u64::from(phone)));
                    continue;
                }
            };
            with_headers(&lines, |headers| {
                let wish = wish(headers, 20).unwrap();
                let registration = Registration { user: name, way, call_id: b"x", cseq, path: b"", wish };
                prop_assert!(registrar.register(after(now_s), &registration).is_ok(), "{} {}", name, lines);
                Ok(())
            })?;
            let all: Vec<&Binding> = registrar.users.values().flat_map(|places| &places.bindings).collect();
            prop_assert_eq!(registrar.bindings, all.len());
            prop_assert!(registrar.users.values().all(|places| !places.bindings.is_empty()));
            let due: Vec<Instant> = registrar.due.iter().map(|(at, _)| *at).collect();
            let mut ends: Vec<Instant> = registrar
                .users.values().map(|places| places.bindings.iter().map(|one| one.holds).min().unwrap()).collect();
            ends.sort();
            prop_assert_eq!(due, ends);
            let mut addresses: BTreeMap<IpAddr, usize> = BTreeMap::new();
            all.iter().for_each(|one| *addresses.entry(one.way.remote.ip()).or_default() += 1);
            prop_assert_eq!(&registrar.by_address, &addresses);
            let held: BTreeSet<(ConnectionId, &str)> = registrar
                .users.iter()
                .flat_map(|(user, it)| it.bindings.iter().filter_map(|b| Some((b.way.connection?, &**user))))
                .collect();
            let known: BTreeSet<(ConnectionId, &str)> =
                registrar.by_connection.iter().map(|(id, user)| (*id, &**user)).collect();
            prop_assert_eq!(known, held);
        }
    }

    #[test]
    fn the_disk_knows_what_memory_knows(steps in prop::collection::vec(step(), 1..40)) {
        let mut registrar = Registrar::new(1_000_000, Rng::seeded(5));
        let mut disk: BTreeMap<Arc<str>, Vec<Kept>> = BTreeMap::new();
        for (cseq, (user, port, what, ..)) in (1..).zip(steps) {
            let name = ["ann", "bob", "cleo"][usize::from(user)];
            let lines = match what {
                0..4 => format!("m: <sip:x@192.0.2.7:{}>\r\n", 5_060 + u32::from(port)),
                4 => format!("m: <sip:x@192.0.2.7:{}>;expires=0\r\n", 5_060 + u32::from(port)),
                _ => "m: *\r\nExpires: 0\r\n".to_owned(),
            };
            with_headers(&lines, |headers| {
                let wish = wish(headers, 20).unwrap();
                let registration = Registration { user: name, way: udp(PHONE), call_id: b"x", cseq, path: b"", wish };
                registrar.register(after(0), &registration).map_err(|error| TestCaseError::fail(error.to_string()))
            })?;
            disk.extend(std::iter::from_fn(|| registrar.poll_output()).map(|keep| (keep.user, keep.bindings)));
        }
        let mut next = Registrar::new(1, Rng::seeded(6));
        for (user, kept) in disk {
            next.load(after(0), &user, kept);
        }
        for name in ["ann", "bob", "cleo"] {
            prop_assert_eq!(next.reached(after(1), name), registrar.reached(after(1), name));
        }
    }
}

#[test]
fn printing_a_binding_prints_no_address_of_a_person() {
    let mut bench = Bench::new();
    bench.said(0, "call-secret", 1, "m: <sip:secret@192.0.2.7>\r\n");
    let printed =
        format!("{:?} {:?}", bench.registrar.poll_output(), bench.registrar.reached(after(1), "ann"));
    assert!(!printed.contains("secret"), "{printed}");
    assert!(with_headers("Path: <sip:a;lr>\r\n", |headers| headers.has(Name::Path)));
}
