//! Events on their way from a request into the store, and what the company's own types say of them.
//! Events of built-in types pass without asking.

use std::sync::Arc;

use domain::event::{Judged, NewEvent, Verdict};
use domain::event_type::EventTypeName;
use domain::json_schema::Misfit;
use domain::own_type::Validation;
use store::{Accepted, Caller, OwnType, OwnTypes};

use super::events::{AcceptedView, WarningView};
use crate::checks::Check;
use crate::code::Code;
use crate::error::{ApiError, Mistake, Place};
use crate::event_body::{Read, Refusal, unknown_type};
use crate::serve::Shared;

/// How often events are judged: by what is remembered of the types, and where that is old or refuses
/// one, by the types as they were read since the events came, which is final.
const ROUNDS_MAX: usize = 3;
/// For how many events of a request the company's own names are searched for one like theirs.
const SUGGESTIONS_MAX: usize = 10;

/// What becomes of an event that was read.
enum Fate {
    /// It is posted.
    Taken(NewEvent, Vec<WarningView>),
    /// It is posted so that it gets the answer it got before, where it came before; else this one.
    Untaken(NewEvent, ApiError),
    /// It is refused by its type.
    Refused(ApiError),
    /// It could not be read, and that is all.
    Unread,
}

/// Writes down what was read well, and puts the answers where their events stood; `pointer` is the
/// JSON pointer of each event.
pub async fn take_in(
    shared: &Shared,
    caller: &Caller,
    read: Vec<Result<Read, Refusal>>,
    pointer: fn(usize) -> String,
) -> Result<Vec<Result<AcceptedView, ApiError>>, ApiError> {
    let asks_types = read.iter().any(|read| match read {
        Ok(read) => read.is_own,
        Err(Refusal::Own { .. }) => true,
        Err(Refusal::Final(_)) => false,
    });
    if !asks_types {
        let (fates, errors) = without_types(read);
        let (accepted, posted) = post(shared, caller, fates).await?;
        return answers(accepted, posted, errors, pointer);
    }
    let mut judge = Judge::new(shared, caller, &read, pointer).await?;
    for _ in 0..ROUNDS_MAX {
        let fates = judge.fates().await?;
        if fates.iter().any(is_refused_by_type) && judge.reads_again().await? {
            continue;
        }
        match post(shared, caller, fates).await {
            Err(store::Error::TypesChanged) => judge.read_types().await?,
            Err(error) => return Err(error.into()),
            Ok((accepted, posted)) => {
                let errors = read.into_iter().map(|read| match read {
                    Err(Refusal::Final(error)) => Some(error),
                    Ok(_) | Err(Refusal::Own { .. }) => None,
                });
                return answers(accepted, posted, errors.collect(), pointer);
            }
        }
    }
    Err(ApiError::Overloaded)
}

fn without_types(read: Vec<Result<Read, Refusal>>) -> (Vec<Fate>, Vec<Option<ApiError>>) {
    let of = |read| match read {
        Ok(Read { event, is_own: _ }) => (Fate::Taken(event, Vec::new()), None),
        Err(Refusal::Final(error)) => (Fate::Unread, Some(error)),
        Err(Refusal::Own { mistakes, name: _ }) => {
            (Fate::Unread, Some(ApiError::Invalid(mistakes)))
        }
    };
    read.into_iter().map(of).unzip()
}

fn is_refused_by_type(fate: &Fate) -> bool {
    match fate {
        Fate::Untaken(..) | Fate::Refused(_) => true,
        Fate::Taken(..) | Fate::Unread => false,
    }
}

/// What is told of an event once the store has answered.
enum Posted {
    Taken(Vec<WarningView>),
    Untaken(ApiError),
    Refused(ApiError),
    Unread,
}

/// Posts what is to be posted.
async fn post(
    shared: &Shared,
    caller: &Caller,
    fates: Vec<Fate>,
) -> Result<(Vec<Accepted>, Vec<Posted>), store::Error> {
    let mut events = Vec::with_capacity(fates.len());
    let mut posted = Vec::with_capacity(fates.len());
    for fate in fates {
        posted.push(match fate {
            Fate::Taken(event, warnings) => {
                events.push(event);
                Posted::Taken(warnings)
            }
            Fate::Untaken(event, error) => {
                events.push(event);
                Posted::Untaken(error)
            }
            Fate::Refused(error) => Posted::Refused(error),
            Fate::Unread => Posted::Unread,
        });
    }
    let accepted = if events.is_empty() {
        Vec::new()
    } else {
        shared.state.store.ingest(caller, events).await?
    };
    Ok((accepted, posted))
}

fn answers(
    accepted: Vec<Accepted>,
    posted: Vec<Posted>,
    mut errors: Vec<Option<ApiError>>,
    pointer: fn(usize) -> String,
) -> Result<Vec<Result<AcceptedView, ApiError>>, ApiError> {
    let lost = || ApiError::Internal("a batch was answered with another count".into());
    let mut accepted = accepted.into_iter();
    let mut answers = Vec::with_capacity(posted.len());
    for (index, posted) in posted.into_iter().enumerate() {
        let view = |accepted, warnings| AcceptedView::of(accepted, &pointer(index), warnings);
        answers.push(match posted {
            Posted::Taken(warnings) => view(accepted.next().ok_or_else(lost)?, warnings),
            Posted::Untaken(error) => match accepted.next().ok_or_else(lost)? {
                Accepted::Unfit => Err(error),
                before @ (Accepted::New { .. }
                | Accepted::Duplicate { .. }
                | Accepted::KeyReused { .. }
                | Accepted::Expired) => view(before, Vec::new()),
            },
            Posted::Refused(error) => Err(error),
            Posted::Unread => Err(errors.get_mut(index).and_then(Option::take).ok_or_else(lost)?),
        });
    }
    if accepted.next().is_some() { Err(lost()) } else { Ok(answers) }
}

/// Asks the company's own types about events.
struct Judge<'a> {
    shared: &'a Shared,
    caller: &'a Caller,
    read: &'a [Result<Read, Refusal>],
    pointer: fn(usize) -> String,
    types: Arc<OwnTypes>,
    /// Whether the types were read since the request came. Then what they say is final: a change that
    /// they miss came as late as the events.
    is_current: bool,
}

impl<'a> Judge<'a> {
    async fn new(
        shared: &'a Shared,
        caller: &'a Caller,
        read: &'a [Result<Read, Refusal>],
        pointer: fn(usize) -> String,
    ) -> Result<Self, ApiError> {
        let types = shared.state.store.own_types(caller.company).await?;
        Ok(Self { shared, caller, read, pointer, types, is_current: false })
    }

    async fn read_types(&mut self) -> Result<(), ApiError> {
        self.types = self.shared.state.store.current_own_types(self.caller.company).await?;
        self.is_current = true;
        Ok(())
    }

    /// Makes sure that the types are those of now; says whether they are others than before.
    async fn reads_again(&mut self) -> Result<bool, ApiError> {
        if self.is_current {
            return Ok(false);
        }
        let before = self.types.version;
        self.read_types().await?;
        Ok(self.types.version != before)
    }

    /// What becomes of each event by the types as they were read.
    async fn fates(&self) -> Result<Vec<Fate>, ApiError> {
        let mut misfits = self.misfits().await?.into_iter();
        let mut suggestions = 0..SUGGESTIONS_MAX;
        let mut fates = Vec::with_capacity(self.read.len());
        for (index, read) in self.read.iter().enumerate() {
            let base = (self.pointer)(index);
            let mut unknown = |name: &EventTypeName| {
                let searched = suggestions.next().is_some();
                let own = searched.then(|| self.types.names()).into_iter().flatten();
                let (code, detail) = (Code::UnknownEventType, unknown_type(name.as_str(), own));
                Mistake { place: Place::Pointer(format!("{base}/type")), code, detail }
            };
            fates.push(match read {
                Ok(Read { event, is_own: false }) => Fate::Taken(event.clone(), Vec::new()),
                Ok(Read { event, is_own: true }) => match self.types.find(&event.event_type) {
                    None => Fate::Refused(ApiError::Invalid(vec![unknown(&event.event_type)])),
                    Some(own) => {
                        let misfits = is_checked(own).then(|| misfits.next()).flatten();
                        let misfits = misfits.unwrap_or_default();
                        self.fate(event, own, misfits, &base)
                    }
                },
                Err(Refusal::Final(_)) => Fate::Unread,
                Err(Refusal::Own { mistakes, name }) => {
                    let mut mistakes = mistakes.clone();
                    if self.types.find(name).is_none() {
                        mistakes.insert(0, unknown(name));
                    }
                    Fate::Refused(ApiError::Invalid(mistakes))
                }
            });
        }
        Ok(fates)
    }

    /// The misfits of each event that is checked.
    async fn misfits(&self) -> Result<Vec<Vec<Misfit>>, ApiError> {
        let own = self.read.iter().filter_map(|read| read.as_ref().ok()).filter(|read| read.is_own);
        let checks: Vec<Check> = own
            .filter_map(|Read { event, .. }| {
                let own = self.types.find(&event.event_type).filter(|own| is_checked(own))?;
                let schema = own.schema.clone()?;
                Some(Check { schema, data: Arc::clone(&event.data) })
            })
            .collect();
        if checks.is_empty() { Ok(Vec::new()) } else { self.shared.checks.check(checks).await }
    }

    fn fate(&self, event: &NewEvent, own: &OwnType, misfits: Vec<Misfit>, base: &str) -> Fate {
        let error = if own.is_archived {
            let detail = format!("the event type `{}` is archived", event.event_type);
            ApiError::field(format!("{base}/type"), Code::EventTypeArchived, detail)
        } else if own.validation == Validation::Refuse && !misfits.is_empty() {
            mismatch(misfits, base)
        } else {
            let warnings =
                misfits.into_iter().map(|misfit| WarningView::of(misfit, base)).collect();
            return Fate::Taken(self.judged(event, Verdict::Taken), warnings);
        };
        match event.external_id {
            // It may have come before, when its type took it: then it gets the answer of then.
            Some(_) => Fate::Untaken(self.judged(event, Verdict::Refused), error),
            None => Fate::Refused(error),
        }
    }

    fn judged(&self, event: &NewEvent, verdict: Verdict) -> NewEvent {
        let version = (!self.is_current).then_some(self.types.version);
        let judged = Judged { version, verdict };
        NewEvent { judged: Some(judged), ..event.clone() }
    }
}

/// Whether data of this type is checked.
fn is_checked(own: &OwnType) -> bool {
    !own.is_archived && own.schema.is_some() && own.validation != Validation::Off
}

fn mismatch(misfits: Vec<Misfit>, base: &str) -> ApiError {
    let mistake = |Misfit { pointer, detail }| Mistake {
        place: Place::Pointer(format!("{base}/data{pointer}")),
        code: Code::SchemaMismatch,
        detail,
    };
    ApiError::Invalid(misfits.into_iter().map(mistake).collect())
}
