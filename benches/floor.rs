//! The bare floor: `cargo bench --bench floor -- [--legs N] [--seconds S]`.
//!
//! Prints what it costs this machine to receive and send the packets of N calls without any engine,
//! in several ways, and which of them is the fastest.

#[allow(dead_code, reason = "each bench uses its own part of the support")]
mod support {
    pub mod floor;
    pub mod gaps;
    pub mod generator;
    pub mod heard;
    pub mod incoming;
    pub mod options;
    pub mod packets;
    pub mod sockets;
    pub mod uring;
}

use support::floor;
use support::options::Options;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::from_arguments(&[("legs", 1_000), ("seconds", 10)])?;
    let legs = options.get("legs") as usize;
    println!("floor: {legs} legs, 50 packets a second each way, {} s for each way", options.get("seconds"));
    let measured = floor::measure(legs, options.seconds("seconds"))?;
    for floor::Measured { cost, heard } in &measured {
        println!("{}\n{heard}", cost.method.name());
        println!(
            "  received {:.1} % of the peer's packets, {:.1} % of ours arrived",
            100.0 * cost.received_share,
            100.0 * cost.arrived_share
        );
    }
    println!("{:>8} {:>8} {:>16}", "rx ns", "tx ns", "ms/leg-second");
    for floor::Measured { cost, .. } in &measured {
        let (receive, send, total) = (cost.receive_ns, cost.send_ns, cost.per_leg_second_ms);
        println!("{receive:>8.0} {send:>8.0} {total:>16.3}  {}", cost.method.name());
    }
    if let Some(cost) = floor::fastest(&measured) {
        println!("fastest: {:.3} ms/leg-second, {}", cost.per_leg_second_ms, cost.method.name());
    }
    Ok(())
}
