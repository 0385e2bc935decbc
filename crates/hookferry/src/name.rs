//! Names of companies and tokens, as the command line takes them.

use crate::settings::sources::Refused;

/// The longest name, in characters.
const CHARACTERS_MAX: usize = 100;

/// A name without the white space around it.
pub fn parse(text: &str) -> Result<String, Refused> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > CHARACTERS_MAX {
        return Err(Refused::of(format!("--name: it accepts 1 to {CHARACTERS_MAX} characters")));
    }
    if name.chars().any(char::is_control) {
        return Err(Refused::of("--name: it accepts no line breaks or other control characters"));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_line_of_1_to_100_characters() {
        assert_eq!(parse(" Ács & Fiai ").unwrap(), "Ács & Fiai");
        assert!(parse(&"é".repeat(100)).is_ok());
        for text in ["", "  ", "new\nline", "a\u{1b}[2J", "a\u{9b}b", &"é".repeat(101)] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
