//! How much work a regular expression is.

use regex_syntax::hir::{Hir, HirKind};

/// About how many states an automaton of the pattern has.
pub(crate) fn states(pattern: &Hir) -> u64 {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        // A class of letters beyond ASCII takes several states.
        HirKind::Class(class) => {
            if class.is_utf8() && class.maximum_len() > Some(1) {
                8
            } else {
                2
            }
        }
        HirKind::Repetition(repetition) => {
            let times = u64::from(repetition.max.unwrap_or(repetition.min)).max(1);
            states(&repetition.sub).saturating_mul(times).saturating_add(1)
        }
        HirKind::Capture(capture) => states(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(states).fold(1, u64::saturating_add)
        }
    }
}
