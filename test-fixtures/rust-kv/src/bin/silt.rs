//! `silt set KEY VALUE`, `silt get KEY`, `silt delete KEY`, each with `--dir PATH`.

use std::path::PathBuf;
use std::process::ExitCode;

use silt::{Options, Store};

enum Command {
    Get(String),
    Set(String, String),
    Delete(String),
}

fn parse(arguments: impl Iterator<Item = String>) -> Result<(PathBuf, Command), String> {
    let mut dir = PathBuf::from("silt-data");
    let mut words = Vec::new();
    let mut arguments = arguments.skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--dir" {
            dir = arguments.next().ok_or("--dir needs a path")?.into();
        } else {
            words.push(argument);
        }
    }
    let mut words = words.into_iter();
    let command = match (words.next().as_deref(), words.next(), words.next()) {
        (Some("get"), Some(key), None) => Command::Get(key),
        (Some("set"), Some(key), Some(value)) => Command::Set(key, value),
        (Some("delete"), Some(key), None) => Command::Delete(key),
        _ => return Err("usage: silt get KEY | set KEY VALUE | delete KEY [--dir PATH]".to_owned()),
    };
    Ok((dir, command))
}

fn run() -> Result<bool, Box<dyn std::error::Error>> {
    let (dir, command) = parse(std::env::args())?;
    let mut store = Store::open(&dir, Options::default())?;
    match command {
        Command::Set(key, value) => store.set(key.as_bytes(), value.as_bytes())?,
        Command::Delete(key) => store.delete(key.as_bytes())?,
        Command::Get(key) => match store.get(key.as_bytes())? {
            Some(value) => println!("{}", String::from_utf8_lossy(&value)),
            None => return Ok(false),
        },
    }
    Ok(true)
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("silt: {error}");
            ExitCode::from(2)
        }
    }
}
