//! The words of the language, and what was meant by others.

/// How many characters of an unknown word are told.
const TOLD_CHARS_MAX: usize = 60;
/// How many letters may be wrong, missing or too many in a word for it to be recognised.
const TYPOS_MAX: usize = 2;

/// A word that an object of a filter may have as the name of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// `and`
    And,
    /// `or`
    Or,
    /// `not`
    Not,
    /// `field`
    Field,
    /// What is asked about the field.
    Operator(Operator),
}

/// What is asked about a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `eq`
    Eq,
    /// `ne`
    Ne,
    /// `gt`
    Gt,
    /// `lt`
    Lt,
    /// `in`
    In,
    /// `exists`
    Exists,
    /// `prefix`
    Prefix,
    /// `contains`
    Contains,
    /// `regex`
    Regex,
}

impl Operator {
    /// All, for sentences.
    pub const LIST: &'static str =
        "`eq`, `ne`, `gt`, `lt`, `in`, `exists`, `prefix`, `contains` and `regex`";

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Gt => "gt",
            Self::Lt => "lt",
            Self::In => "in",
            Self::Exists => "exists",
            Self::Prefix => "prefix",
            Self::Contains => "contains",
            Self::Regex => "regex",
        }
    }
}

impl Word {
    const ALL: [Self; 13] = [
        Self::And,
        Self::Or,
        Self::Not,
        Self::Field,
        Self::Operator(Operator::Eq),
        Self::Operator(Operator::Ne),
        Self::Operator(Operator::Gt),
        Self::Operator(Operator::Lt),
        Self::Operator(Operator::In),
        Self::Operator(Operator::Exists),
        Self::Operator(Operator::Prefix),
        Self::Operator(Operator::Contains),
        Self::Operator(Operator::Regex),
    ];

    /// The word that is written so.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.as_str() == name)
    }

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::Or => "or",
            Self::Not => "not",
            Self::Field => "field",
            Self::Operator(operator) => operator.as_str(),
        }
    }

    /// Whether conditions stand behind it.
    pub const fn is_join(self) -> bool {
        match self {
            Self::And | Self::Or | Self::Not => true,
            Self::Field | Self::Operator(_) => false,
        }
    }
}

/// What other languages call it.
const ELSEWHERE: [(&[&str], &str); 15] = [
    (&["gte", "ge", "min", ">="], "put `gt` and `eq` side by side inside `or`"),
    (&["lte", "le", "max", "<="], "put `lt` and `eq` side by side inside `or`"),
    (&["between", "range"], "put `gt` and `lt` side by side inside `and`"),
    (&[">", "greater", "after"], "write `gt`"),
    (&["<", "less", "before"], "write `lt`"),
    (&["nin", "notin"], "put a condition with `in` inside `not`"),
    (&["equals", "equal", "is", "=", "==", "==="], "write `eq`"),
    (&["neq", "notequals", "notequal", "!=", "!==", "<>"], "write `ne`"),
    (&["suffix", "endswith"], "use `regex` with `$` at the end"),
    (&["startswith", "beginswith"], "write `prefix`"),
    (&["match", "matches", "pattern", "like", "ilike", "regexp"], "write `regex`"),
    (&["all", "every", "&&"], "write `and`"),
    (&["any", "some", "||", "anyof"], "write `or`"),
    (&["path", "key", "property", "attribute"], "write `field`"),
    (
        &["op", "operator", "value"],
        "the operator is the name and the value stands behind it, as in `\"eq\": \"text\"`",
    ),
];

/// A sentence about a name that is no word of the language.
pub fn unknown(name: &str, beside_field: bool) -> String {
    let mut told: String = name.chars().take(TOLD_CHARS_MAX).collect();
    if told.len() < name.len() {
        told.push('…');
    }
    let plain = name.trim_start_matches('$');
    let simple = plain.to_lowercase().replace(['_', '-', ' '], "");
    if let Some(word) = Word::of(&simple) {
        return format!("`{told}` is not known; write `{}`", word.as_str());
    }
    let elsewhere = ELSEWHERE.iter().find(|(words, _)| words.contains(&simple.as_str()));
    if let Some((_, instead)) = elsewhere {
        return format!("`{told}` is not known; {instead}");
    }
    if name.len() <= TOLD_CHARS_MAX
        && let Some(near) = nearest(&simple)
    {
        return format!("`{told}` is not known; did you mean `{near}`?");
    }
    if beside_field {
        return format!("`{told}` is not known; beside `field` stands one of {}", Operator::LIST);
    }
    format!(
        "`{told}` is not known; a condition about a field is written \
         `{{\"field\": \"message.type\", \"eq\": \"text\"}}`, and `and`, `or` and `not` join conditions"
    )
}

fn nearest(name: &str) -> Option<&'static str> {
    let words = Word::ALL.into_iter().map(Word::as_str);
    let near = words.map(|word| (strsim::osa_distance(name, word), word));
    // Of a short word hardly anything would be left.
    let near = near.filter(|(typos, word)| *typos <= TYPOS_MAX.min(word.len() / 2));
    near.min_by_key(|(typos, _)| *typos).map(|(_, word)| word)
}
