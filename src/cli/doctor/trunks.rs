//! Whether the trunks of the engine that runs have hosts that answer.

use super::finding::Finding;

/// What the names of such figures begin and end with: `trunk_NAME_hosts_down`.
const FIGURE: (&str, &str) = ("trunk_", "_hosts_down");

/// A finding for each trunk with hosts that are down, out of the figures of `careline status`; one if there is none.
pub fn findings(figures: &[(String, u64, String)]) -> Vec<Finding> {
    let (begin, end) = FIGURE;
    let of_trunk = |(name, down, meaning): &(String, u64, String)| {
        let trunk = name.strip_prefix(begin)?.strip_suffix(end)?;
        Some((trunk.to_owned(), *down, meaning.clone()))
    };
    let trunks: Vec<_> = figures.iter().filter_map(of_trunk).collect();
    let down = trunks.iter().filter(|(_, down, _)| *down > 0);
    let told: Vec<Finding> = down
        .map(|(trunk, down, meaning)| {
            Finding::wrong(
                format!("trunk {trunk}: {down} hosts do not answer ({meaning})"),
                "look at the network and at the carrier; calls go to what is left (docs/operator-guide/trunks.md)",
            )
        })
        .collect();
    match (trunks.len(), told.is_empty()) {
        (0, _) => Vec::new(),
        (_, true) => vec![Finding::good("no host of a trunk is down")],
        (_, false) => told,
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_host_that_is_down_is_wrong_and_named() {
        let figure = |name: &str, down| (name.to_owned(), down, "hosts: 192.0.2.7:5060".to_owned());
        for (figures, expected) in [
            (vec![], vec![]),
            (vec![figure("calls_up", 3)], vec![]),
            (vec![figure("trunk_carrier_hosts_down", 0)], vec![State::Good]),
            (vec![figure("trunk_a_hosts_down", 1), figure("trunk_b_hosts_down", 0)], vec![State::Wrong]),
            (vec![figure("trunk_a_hosts_down", 1), figure("trunk_b_hosts_down", 2)], vec![State::Wrong; 2]),
        ] {
            let found = findings(&figures);
            assert_eq!(found.iter().map(|it| it.state).collect::<Vec<_>>(), expected, "{figures:?}");
            let named = |it: &Finding| it.state == State::Good || it.seen.contains("192.0.2.7:5060");
            assert!(found.iter().all(named), "{found:?}");
        }
    }
}
