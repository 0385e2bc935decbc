//! How much work an evaluation may be.

/// How many bytes of text are one step.
const STEP_BYTES: u64 = 32;
/// How many bytes times states of a regex are one step. It looks at each byte once for every state it
/// can be in, at worst.
const STEP_STATE_BYTES: u64 = 8;

/// What an evaluation may still do. A step is a member or element that is looked at, 32 bytes of
/// text, or 8 bytes of text for each state of a regex.
#[derive(Debug, Clone, Copy)]
pub struct Steps(u64);

/// There are no steps left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent;

impl Steps {
    /// That many.
    pub const fn new(steps: u64) -> Self {
        Self(steps)
    }

    /// Takes steps that are about to be done.
    pub fn take(&mut self, steps: u64) -> Result<(), Spent> {
        self.0 = self.0.checked_sub(steps).ok_or(Spent)?;
        Ok(())
    }

    /// Takes the steps for looking at so much text.
    pub fn take_text(&mut self, bytes: usize) -> Result<(), Spent> {
        self.take(1 + bytes as u64 / STEP_BYTES)
    }

    /// Takes the steps for running a regex over so much text.
    pub fn take_regex(&mut self, bytes: usize, states: u64) -> Result<(), Spent> {
        self.take(1 + states.saturating_mul(bytes as u64) / STEP_STATE_BYTES)
    }
}
