//! What comes after the commit of ingest: until its write-ahead log is synced nobody is told, and nothing
//! is sent.
//!
//! On SQLite the log is synced here and not within the commit. Then the writer has its next transaction
//! under way meanwhile, those of settlement among them, and what was committed while one sync ran shares
//! the next. It is as safe: in this journal mode all that `synchronous = FULL` adds to `NORMAL` is such a
//! sync of the log after each commit (<https://www.sqlite.org/pragma.html#pragma_synchronous>). On
//! PostgreSQL a commit that returns is durable already.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use sea_orm::sqlx;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::hot::within;
use crate::ingest::{IngestJob, answer_all, fail_all};
use crate::ingest_rows::Rooms;
use crate::{Accepted, Claimed, Error, Store};

/// How many batches may be committed and wait for a sync: so far the writer is ahead of the disk.
const COMMITTED_MAX: usize = 2;

/// A batch that is committed and not yet told of.
#[derive(Debug)]
pub(crate) struct Committed {
    pub(crate) jobs: Vec<IngestJob>,
    pub(crate) batch: Written,
}

/// What a transaction of ingest has written.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) answers: Vec<Result<Vec<Accepted>, Error>>,
    /// What this node sends itself, and the room for it.
    pub(crate) fresh: Vec<Claimed>,
    pub(crate) rooms: Rooms,
    pub(crate) commit_begun: Instant,
}

impl Committed {
    fn tell(self, store: &Store) {
        let Written { answers, fresh, rooms, commit_begun } = self.batch;
        store.inner.metrics.ingest_commit.observe(commit_begun.elapsed());
        rooms.fill(fresh);
        answer_all(self.jobs, answers);
    }

    /// Nobody knows whether it lasts: callers are told so, and what this node has claimed is looked at again.
    fn doubt(self, store: &Store, error: &Error) {
        let held = |row: &Claimed| (row.event.company, row.id, row.endpoint);
        store.doubt(self.batch.fresh.iter().map(held));
        drop(self.batch.rooms);
        fail_all(self.jobs, error.copy());
    }
}

/// The write-ahead log of a SQLite database.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl Log {
    /// The log of the database at `path`. It is opened now, so that no file is wanting later.
    pub(crate) fn of(path: &std::path::Path) -> Self {
        let mut path = path.as_os_str().to_owned();
        path.push("-wal");
        let path = PathBuf::from(path);
        let file = File::open(&path).ok();
        Self { path, file: Mutex::new(file) }
    }

    /// Syncs what was written before.
    fn sync(&self) -> io::Result<()> {
        let mut held = self.file.lock();
        let open = held.take().filter(|file| file.metadata().is_ok_and(|about| about.nlink() > 0));
        let file = match open.map_or_else(|| File::open(&self.path), Ok) {
            Ok(file) => file,
            // The last connection has closed, and has moved all of it into the database before.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        file.sync_data()?;
        *held = Some(file);
        Ok(())
    }
}

/// Where batches go once they are committed.
#[derive(Debug)]
pub(crate) enum Afterwards {
    /// They are told of at once.
    AtOnce,
    /// They wait for a sync.
    Synced(mpsc::Sender<Committed>, TaskTracker),
}

impl Afterwards {
    pub(crate) fn start(store: &Store) -> Self {
        match store.inner.log.clone() {
            None => Self::AtOnce,
            Some(log) => {
                let (sender, committed) = mpsc::channel(COMMITTED_MAX);
                let telling = TaskTracker::new();
                telling.spawn(sync_and_tell(store.clone(), log, committed));
                Self::Synced(sender, telling)
            }
        }
    }

    pub(crate) async fn take(&self, committed: Committed, store: &Store) {
        match self {
            Self::AtOnce => committed.tell(store),
            Self::Synced(sender, _) => {
                if let Err(mpsc::error::SendError(committed)) = sender.send(committed).await {
                    committed.doubt(store, &Error::no_answer());
                }
            }
        }
    }

    /// Waits until all of them are told of.
    pub(crate) async fn end(self) {
        if let Self::Synced(sender, telling) = self {
            drop(sender);
            telling.close();
            telling.wait().await;
        }
    }
}

/// Syncs the log, again and again, and tells of what was committed before each sync began.
async fn sync_and_tell(store: Store, log: Arc<Log>, mut committed: mpsc::Receiver<Committed>) {
    let mut batches = Vec::with_capacity(COMMITTED_MAX);
    while committed.recv_many(&mut batches, COMMITTED_MAX).await > 0 {
        let log = Arc::clone(&log);
        let synced = within(async {
            match tokio::task::spawn_blocking(move || log.sync()).await {
                Ok(synced) => Ok(synced.map_err(sqlx::Error::Io)?),
                Err(_) => Err(Error::no_answer()),
            }
        })
        .await;
        for batch in batches.drain(..) {
            match &synced {
                Ok(()) => batch.tell(&store),
                Err(error) => batch.doubt(&store, error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::id::{CompanyId, EndpointId};
    use tokio::sync::oneshot;

    use super::*;
    use crate::HandOver;
    use crate::hot::tests::open;
    use crate::ingest_queue::tests::job;

    #[derive(Debug, Default)]
    struct Door {
        released: Mutex<usize>,
        handed: Mutex<usize>,
    }

    impl HandOver for Door {
        fn reserve(&self, _: CompanyId, _: EndpointId, sizes: &[usize]) -> usize {
            sizes.len()
        }

        fn is_let_in(&self, _: EndpointId) -> bool {
            false
        }

        fn may_own_lanes(&self) -> bool {
            true
        }

        fn release(&self, _: EndpointId, rows: usize, _: usize) {
            *self.released.lock() += rows;
        }

        fn hand_over(&self, fresh: Vec<Claimed>) {
            *self.handed.lock() += fresh.len();
        }
    }

    /// A batch of one request, and where its answer comes.
    fn batch(door: &Arc<Door>) -> (Committed, oneshot::Receiver<Result<Vec<Accepted>, Error>>) {
        let (answer, answered) = oneshot::channel();
        let mut job = job(1, 1, 1);
        job.answer = answer;
        let hand_over: Arc<dyn HandOver> = Arc::clone(door) as _;
        let mut rooms = Rooms::new(&hand_over);
        rooms.reserve(CompanyId::from_raw(1), EndpointId::from_raw(1), &[1]);
        let answers = vec![Ok(Vec::new())];
        let commit_begun = Instant::now();
        let batch = Written { answers, fresh: Vec::new(), rooms, commit_begun };
        (Committed { jobs: vec![job], batch }, answered)
    }

    async fn told_by(log: Log) -> (Vec<Result<Vec<Accepted>, Error>>, usize) {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path()).await;
        let door = Arc::new(Door::default());
        let (sender, committed) = mpsc::channel(COMMITTED_MAX);
        let telling = TaskTracker::new();
        telling.spawn(sync_and_tell(store.clone(), Arc::new(log), committed));
        let afterwards = Afterwards::Synced(sender, telling);
        let mut answered = Vec::new();
        for _ in 0..3 * COMMITTED_MAX {
            let (committed, answer) = batch(&door);
            afterwards.take(committed, &store).await;
            answered.push(answer);
        }
        afterwards.end().await;
        let mut answers = Vec::new();
        for answer in answered {
            answers.push(answer.await.unwrap());
        }
        let released = *door.released.lock();
        (answers, released)
    }

    fn log_at(path: &str) -> Log {
        Log { path: path.into(), file: Mutex::default() }
    }

    #[tokio::test]
    async fn everybody_is_told_once_the_log_is_synced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db-wal");
        std::fs::write(&path, "frames").unwrap();
        let (answers, released) = told_by(Log::of(&folder.path().join("x.db"))).await;
        assert_eq!((answers.len(), released), (3 * COMMITTED_MAX, 0));
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    }

    /// The null device cannot be synced.
    #[tokio::test]
    async fn where_the_log_cannot_be_synced_everybody_is_told_to_come_back_and_nothing_is_sent() {
        let (answers, released) = told_by(log_at("/dev/null")).await;
        assert_eq!(released, answers.len());
        let is_passing = |answer: &Result<_, Error>| answer.as_ref().is_err_and(Error::is_passing);
        assert!(answers.iter().all(is_passing), "{answers:?}");
    }

    #[test]
    fn a_log_that_was_made_anew_is_the_one_that_is_synced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db-wal");
        let log = Log::of(&folder.path().join("x.db"));
        log.sync().expect("nothing is there: all of it stands in the database");
        let inode = |file: &File| file.metadata().unwrap().ino();
        for _ in 0..2 {
            // Its successor, made beside it so that it has another number.
            let next = folder.path().join("next");
            std::fs::write(&next, "frames").unwrap();
            std::fs::rename(&next, &path).unwrap();
            log.sync().unwrap();
            let held = log.file.lock();
            assert_eq!(held.as_ref().map(inode), Some(inode(&File::open(&path).unwrap())));
        }
    }
}
