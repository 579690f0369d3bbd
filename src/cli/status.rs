//! `careline status`: every counter of the running engine, with what it means, and what is closed by hand.

use crate::cli::close;
use crate::config::Config;
use crate::io::control;
use crate::io::now::Clock;
use std::process::ExitCode;

/// Asks the engine that runs with this configuration and prints its figures.
pub fn status(config: &Config) -> ExitCode {
    match control::ask_status(&config.control) {
        Ok(figures) => {
            print!("{}", table(&figures));
            for line in close::lines(&config.shelf(), Clock::start().wall()) {
                println!("closed  {line}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The figures as columns that fit their contents.
fn table(figures: &[(String, u64, String)]) -> String {
    let names = figures.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    let values = figures.iter().map(|(_, value, _)| value.to_string().len()).max().unwrap_or(0);
    figures
        .iter()
        .map(|(name, value, meaning)| format!("{name:<names$}  {value:>values$}  {meaning}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_as_wide_as_it_needs_to_be() {
        let figures =
            [("calls_up".to_owned(), 3, "now".to_owned()), ("keys".to_owned(), 1_200, "all".to_owned())];
        assert_eq!(table(&figures), "calls_up     3  now\nkeys      1200  all\n");
    }
}
