//! A real SMTP server, aiosmtpd in a Python of its own, that remembers what it took.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::Deserialize;
use tokio::sync::watch;

use crate::files::python;
use crate::postgres::free_port;

/// How long Python may take to start or to answer.
const READY_MAX: Duration = Duration::from_secs(30);

/// A mail that came.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// False: the mailbox was told to refuse it.
    pub accepted: bool,
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// Decoded.
    pub subject: String,
    /// With its angle brackets.
    pub message_id: String,
    /// The header `From`.
    pub header_from: String,
    /// The plain part, empty where there is none.
    pub text: String,
    /// The HTML part, empty where there is none.
    pub html: String,
    /// As it came over the wire.
    pub raw: String,
}

/// The mailbox. Gone on drop.
#[derive(Debug)]
pub struct Mailbox {
    port: u16,
    running: Mutex<Option<Running>>,
    mails: Arc<Mutex<Vec<Mail>>>,
    count: Arc<watch::Sender<usize>>,
    begun: Arc<watch::Sender<usize>>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    ready: mpsc::Receiver<()>,
}

impl Mailbox {
    /// One that runs.
    ///
    /// # Panics
    /// Where the set-up of the tests has not run.
    pub fn start() -> Self {
        let mailbox = Self::stopped();
        mailbox.resume();
        mailbox
    }

    /// One that does not run yet, with its port chosen.
    pub fn stopped() -> Self {
        Self {
            port: free_port(),
            running: Mutex::new(None),
            mails: Arc::new(Mutex::new(Vec::new())),
            count: Arc::new(watch::Sender::new(0)),
            begun: Arc::new(watch::Sender::new(0)),
        }
    }

    /// Runs again on the same port.
    pub fn resume(&self) {
        let mut child = Command::new(python())
            .args(["-u", "-c", include_str!("mailbox.py"), &self.port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python can be run");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (tell, ready) = mpsc::channel();
        let (mails, count) = (self.mails.clone(), self.count.clone());
        let begun = self.begun.clone();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if line == "ready" {
                    // Nobody listens when the mailbox has been stopped.
                    let _ = tell.send(());
                } else if line == "begun" {
                    begun.send_modify(|begun| *begun += 1);
                } else {
                    let mail: Mail = serde_json::from_str(&line).expect("mailbox.py writes mails");
                    mails.lock().push(mail);
                    count.send_modify(|count| *count += 1);
                }
            }
        });
        ready.recv_timeout(READY_MAX).expect("aiosmtpd starts");
        *self.running.lock() = Some(Running { child, ready });
    }

    /// Ends the server; connections to its port are refused from now on.
    pub fn stop(&self) {
        if let Some(mut running) = self.running.lock().take() {
            // Gone already is as good.
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }

    /// From now on answers this to every mail, `451 4.3.0 try later` say; empty: takes them.
    pub fn answers(&self, answer: &str) {
        self.tell(&format!("answer {answer}"));
    }

    /// From now on takes a mail's data and answers nothing, until [`Mailbox::release`].
    pub fn hold(&self) {
        self.tell("hold");
    }

    /// Answers what was held, and holds no more.
    pub fn release(&self) {
        self.tell("release");
    }

    /// Waits until `n` mails have been held.
    ///
    /// # Panics
    /// When they have not `within` the time given.
    pub async fn wait_begun(&self, n: usize, within: Duration) {
        let mut begun = self.begun.subscribe();
        let enough = tokio::time::timeout(within, begun.wait_for(|begun| *begun >= n)).await;
        assert!(enough.is_ok(), "not {n} mails were begun within {within:?}");
    }

    fn tell(&self, line: &str) {
        let mut running = self.running.lock();
        let running = running.as_mut().expect("the mailbox runs");
        let input = running.child.stdin.as_mut().expect("it is piped");
        writeln!(input, "{line}").expect("the mailbox listens");
        running.ready.recv_timeout(READY_MAX).expect("the mailbox obeys");
    }

    /// `smtp://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// What came so far, refused ones too.
    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().clone()
    }

    /// Waits until `n` mails have come, refused ones counted, and gives all that came.
    ///
    /// # Panics
    /// When they have not come `within` the time given.
    pub async fn wait_for(&self, n: usize, within: Duration) -> Vec<Mail> {
        let mut count = self.count.subscribe();
        let enough = tokio::time::timeout(within, count.wait_for(|count| *count >= n)).await;
        if enough.is_err() {
            let subjects: Vec<String> = self.mails().into_iter().map(|mail| mail.subject).collect();
            panic!("not {n} mails within {within:?}, but {subjects:?}");
        }
        self.mails()
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.stop();
    }
}
