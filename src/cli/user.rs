//! `careline user`: the line of `careline.yaml` with which the phones of a user log in.
//!
//! The password comes from standard input, or is made here and printed once: one that nobody has thought of is one that
//! nobody guesses. It is kept nowhere; the line holds its hash, which is bound to the realm.

use crate::config::Config;
use crate::sip::digest::Ha1;
use crate::wire::sip::credentials::Algorithm;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::process::ExitCode;

/// Characters of a password that is made here: nobody takes one of them for another.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// How many: 100 bits of chance.
const LENGTH: usize = 20;
/// The shortest password that is taken, in characters.
const LENGTH_MIN: usize = 6;

/// Whose line, and for which phones.
#[derive(clap::Args)]
pub struct Wish {
    /// The name with which the phone logs in, such as front-desk
    #[arg(value_name = "NAME")]
    name: String,
    /// For a phone that knows no SHA-256
    #[arg(long)]
    md5: bool,
}

/// Prints the line, and the password if it was made here.
pub fn run(config: &Config, wish: &Wish) -> ExitCode {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.".contains(c);
    if wish.name.is_empty() || !wish.name.chars().all(fits) {
        eprintln!("`{}` is no name of a user: lower-case letters, digits, _ - and .", wish.name);
        return ExitCode::FAILURE;
    }
    let password = match password() {
        Ok(password) => password,
        Err(error) => {
            eprintln!("no password: {error}");
            return ExitCode::FAILURE;
        }
    };
    print!("{}", line(&config.sip.realm, wish, &password));
    ExitCode::SUCCESS
}

fn line(realm: &str, wish: &Wish, password: &str) -> String {
    let (algorithm, digest) = match wish.md5 {
        true => (Algorithm::Md5, ", digest: md5"),
        false => (Algorithm::Sha256, ""),
    };
    let ha1 = Ha1::of(algorithm, wish.name.as_bytes(), realm.as_bytes(), password.as_bytes());
    format!("  - {{name: {}, ha1: \"{}\"{digest}}}\n", wish.name, ha1.expose())
}

/// The first line of standard input, or a new one.
fn password() -> io::Result<String> {
    if io::stdin().is_terminal() {
        let mut chance = [0; LENGTH];
        File::open("/dev/urandom")?.read_exact(&mut chance)?;
        let made: String = chance.iter().map(|octet| char::from(ALPHABET[usize::from(octet % 32)])).collect();
        eprintln!(
            "password: {made}\nwrite it into the phone; it is kept nowhere. Put this line under `users:`"
        );
        return Ok(made);
    }
    let mut typed = String::new();
    io::stdin().read_line(&mut typed)?;
    let typed = typed.trim_end_matches(['\r', '\n']).to_owned();
    if typed.chars().count() < LENGTH_MIN {
        return Err(io::Error::other(format!("it needs {LENGTH_MIN} characters at least")));
    }
    Ok(typed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::diagnostic::Severity;

    #[test]
    fn the_line_is_one_that_the_configuration_takes() {
        for (md5, algorithm) in [(true, Algorithm::Md5), (false, Algorithm::Sha256)] {
            let wish = Wish { name: "front-desk".to_owned(), md5 };
            let text = format!("users:\n{}", line("careline", &wish, "secret"));
            let (config, faults) = Config::read("careline.yaml", text.as_bytes());
            let stops = faults.iter().find(|fault| fault.severity == Severity::Fault);
            assert_eq!(stops, None, "{text}");
            let users = config.unwrap().users;
            assert_eq!(users[0].ha1, Ha1::of(algorithm, b"front-desk", b"careline", b"secret"));
        }
    }
}
