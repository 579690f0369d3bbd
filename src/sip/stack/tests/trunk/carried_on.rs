//! What a carrier is told of the line that a patient called, whose call goes on over it: RFC 5806, RFC 7044.

use super::{Bench, NUMBER, PASSWORD, carrier};
use crate::phi::Phi;
use crate::sip::carrier::{Carrier, TellsDiversion};
use crate::sip::digest::answer::Account;
use crate::sip::diverted::CarriedOn;
use crate::wire::sip::diversion::{Privacy, Wish};

#[test]
fn a_call_that_is_carried_on_tells_by_which_line_as_its_trunk_wants_it() {
    // RFC 7044 §5, §10.1; RFC 5806 §3; RFC 4458 §2
    use TellsDiversion::{Both, Diversion, HistoryInfo, Nothing};
    let by = |number: &str| Some(Phi::new(number.to_owned()));
    let line = |number: &str, host: &str| {
        format!(
            "\r\nHistory-Info: <sip:{number}@10.0.0.1:5060>;index=1, \
             <sip:+16175550123@{host};user=phone;cause=302>;index=1.1;mp=1\r\n"
        )
    };
    let diversion =
        |number: &str| format!("\r\nDiversion: <sip:{number}@10.0.0.1:5060>;reason=unconditional\r\n");
    for (tells, line_called, history, diverts) in [
        (HistoryInfo, by("+16175550199"), Some("+16175550199"), None),
        (Diversion, by("+16175550199"), None, Some("+16175550199")),
        (Both, by("100"), Some("+16175550100"), Some("+16175550100")),
        (Nothing, by("+16175550199"), None, None),
        (Both, None, None, None),
    ] {
        let account = Some(Account::new("clinic-7", PASSWORD));
        let mut bench = Bench::over(Carrier { diversion: tells, ..carrier(account, false) });
        bench.carries.by = line_called;
        bench.call(NUMBER);
        for host in ["a.example", "10.0.0.3:5080"] {
            let (_, invite) = bench.last("INVITE");
            assert_eq!(invite.matches("History-Info: ").count(), usize::from(history.is_some()), "{invite}");
            assert_eq!(invite.matches("Diversion: ").count(), usize::from(diverts.is_some()), "{invite}");
            assert!(history.is_none_or(|number| invite.contains(&line(number, host))), "{host}: {invite}");
            assert!(diverts.is_none_or(|number| invite.contains(&diversion(number))), "{host}: {invite}");
            bench.answer("503", "INVITE", "");
        }
        bench.rests();
    }
}

#[test]
fn what_a_caller_wants_kept_to_himself_no_carrier_is_told() {
    // RFC 3323 §4.2, RFC 3325 §9.3, RFC 7044 §10.1
    use Wish::{Told, Withheld};
    for (identity, history) in [(Told, Told), (Withheld, Told), (Told, Withheld), (Withheld, Withheld)] {
        let account = Some(Account::new("clinic-7", PASSWORD));
        let mut bench = Bench::over(Carrier { diversion: TellsDiversion::Both, ..carrier(account, true) });
        bench.carries = CarriedOn {
            by: Some(Phi::new("+16175550199".to_owned())),
            privacy: Privacy { identity, history },
        };
        bench.call(NUMBER);
        let (_, invite) = bench.last("INVITE");
        assert_eq!(invite.contains("+16175550142"), identity == Told, "{invite}");
        assert_eq!(invite.contains("\r\nPrivacy: id\r\n"), identity == Withheld, "{invite}");
        let tells = invite.contains("History-Info: ") && invite.contains("Diversion: ");
        assert_eq!((tells, invite.contains("+16175550199")), (history == Told, history == Told), "{invite}");
    }
}
