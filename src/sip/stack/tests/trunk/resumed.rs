//! A call over a carrier that an earlier start of the engine had placed, and that is gone on with: RFC 3261 §14.1, §22.3.

use super::{Bench, NUMBER, is_convinced};
use crate::id::TrunkName;
use crate::sip::dialog::kept::Kept;
use crate::sip::interface::Command;

#[test]
fn requests_within_a_call_of_an_earlier_start_are_answered_for_too() {
    let mut before = Bench::new();
    before.call(NUMBER);
    before.ask("407", "INVITE", "n1");
    before.answer("200", "INVITE", "Contact: <sip:desk@10.0.0.2:5060>\r\n");
    let kept = before.stack.kept(before.leg).expect("a dialog that stands");
    assert_eq!(kept.trunk, Some(TrunkName::from("carrier")));
    // What an earlier version wrote, and a trunk that was taken out of the configuration since, show no account.
    for (trunk, shows) in [(kept.trunk.clone(), true), (None, false), (Some("another".into()), false)] {
        let what = format!("{trunk:?}");
        let mut bench = Bench::new();
        bench.leg = before.leg;
        let dialog = Box::new(Kept { trunk, ..kept.clone() });
        bench.command(|leg| Command::Resume { leg, dialog, sdp: b"v=0\r\n".to_vec() });
        bench.ask("407", "INVITE", "n2");
        let (_, invite) = bench.last("INVITE");
        assert_eq!(invite.contains("\r\nProxy-Authorization: "), shows, "{what}: {invite}");
        if shows {
            is_convinced(&invite, "Proxy-Authorization", "n2");
            bench.answer("200", "INVITE", "Contact: <sip:desk@10.0.0.2:5060>\r\n");
        }
        bench.hang_up();
        bench.ask("407", "BYE", "n3");
        let (_, bye) = bench.last("BYE");
        assert_eq!(bye.contains("\r\nProxy-Authorization: "), shows, "{what}: {bye}");
        if shows {
            is_convinced(&bye, "Proxy-Authorization", "n3");
            bench.answer("200", "BYE", "");
        }
        bench.rests();
    }
}
