//! What processes use, from /proc.

use std::collections::HashMap;
use std::fs;
use std::process::Command;
use std::time::Duration;

/// CPU time of the program and of its database so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cpu {
    pub(crate) program: Duration,
    pub(crate) database: Duration,
}

impl Cpu {
    /// What was used since `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            program: self.program.saturating_sub(before.program),
            database: self.database.saturating_sub(before.database),
        }
    }
}

/// CPU time of some processes and of the PostgreSQL that listens on this port, its processes
/// included.
pub(crate) fn cpu(programs: &[u32], postgres_port: Option<u16>) -> Cpu {
    let ticks = ticks_per_second();
    let own = programs.iter().filter_map(|process| stat(*process)).map(|stat| stat.own).sum();
    let database = postgres_port.and_then(postmaster).map_or(0, |postmaster| {
        let children = processes().filter_map(stat).filter(|stat| stat.parent == postmaster);
        let ended = stat(postmaster).map_or(0, |stat| stat.own + stat.children);
        ended + children.map(|stat| stat.own + stat.children).sum::<u64>()
    });
    let time = |count: u64| Duration::from_secs_f64(count as f64 / ticks);
    Cpu { program: time(own), database: time(database) }
}

/// CPU time of what measures: it shares the cores with what is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ours {
    pub(crate) load: Duration,
    pub(crate) receiver: Duration,
}

impl Ours {
    pub(crate) fn now() -> Self {
        Self { load: thread_cpu(crate::LOAD_THREAD), receiver: thread_cpu(crate::receiver::THREAD) }
    }

    /// What was used since `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            load: self.load.saturating_sub(before.load),
            receiver: self.receiver.saturating_sub(before.receiver),
        }
    }
}

/// CPU time of our own threads of this name, as they run now.
pub(crate) fn thread_cpu(name: &str) -> Duration {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let ticks: u64 = tasks
        .map(|task| task.path())
        .filter(|task| {
            fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.trim_end() == name)
        })
        .filter_map(|task| parse_stat(&fs::read_to_string(task.join("stat")).ok()?))
        .map(|stat| stat.own)
        .sum();
    Duration::from_secs_f64(ticks as f64 / ticks_per_second())
}

/// Memory of the PostgreSQL that listens on this port, what its processes share counted once, in MiB.
pub(crate) fn postgres_mib(port: u16) -> Option<f64> {
    let postmaster = postmaster(port)?;
    let is_its = |process: &u32| {
        *process == postmaster || stat(*process).is_some_and(|stat| stat.parent == postmaster)
    };
    let share = |process: u32| {
        let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with("Pss:"))?;
        line.split_whitespace().nth(1)?.parse::<f64>().ok()
    };
    let kib: f64 = processes().filter(is_its).filter_map(share).sum();
    Some(kib / 1_024.0)
}

/// How many files and sockets a process has open.
pub(crate) fn open_files(process: u32) -> usize {
    fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count)
}

/// The kernel's release.
pub(crate) fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("Linux {}", release.trim())
}

/// Resident memory of a process in MiB: now, and at its highest.
pub(crate) fn resident_mib(process: u32) -> (f64, f64) {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<f64>().ok()
    };
    let mib = |name| field(name).map_or(f64::NAN, |kib| kib / 1_024.0);
    (mib("VmRSS:"), mib("VmHWM:"))
}

struct Stat {
    parent: u32,
    own: u64,
    children: u64,
}

fn stat(process: u32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// The name, in parentheses, may contain anything; the numbers come after the last one.
fn parse_stat(text: &str) -> Option<Stat> {
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        own: number(11)? + number(12)?,
        children: number(13)? + number(14)?,
    })
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The first process of the cluster on this port.
fn postmaster(port: u16) -> Option<u32> {
    let wanted = format!("\0-p\0{port}\0");
    processes().find(|process| {
        let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        let program = line.split('\0').next().unwrap_or_default();
        program.ends_with("/postgres") && line.contains(&wanted)
    })
}

fn ticks_per_second() -> f64 {
    let output = Command::new("getconf").arg("CLK_TCK").output().ok();
    let text = output.and_then(|output| String::from_utf8(output.stdout).ok());
    text.and_then(|text| text.trim().parse().ok()).unwrap_or(100.0)
}

/// The processor's name and how many of its cores we have.
pub(crate) fn processor() -> (String, usize) {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut fields = info.lines().filter_map(|line| line.split_once(':')).fold(
        HashMap::new(),
        |mut fields, (name, value)| {
            fields.entry(name.trim()).or_insert(value.trim());
            fields
        },
    );
    let name = fields.remove("model name").unwrap_or("unknown processor").to_owned();
    (name, std::thread::available_parallelism().map_or(1, usize::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_any_name_is_read() {
        let text = "42 (a) b (c) S 7 42 42 0 -1 4194304 100 0 0 0 11 5 3 2 20 0 1 0 100 1000 50";
        let stat = parse_stat(text).unwrap();
        assert_eq!((stat.parent, stat.own, stat.children), (7, 16, 5));
        assert!(parse_stat("").is_none());
    }

    #[test]
    fn a_thread_is_found_by_its_name() {
        let busy = std::thread::Builder::new().name("busy".into()).spawn(|| {
            let until = std::time::Instant::now() + Duration::from_secs(10);
            while thread_cpu("busy") < Duration::from_millis(20) {
                assert!(std::time::Instant::now() < until);
            }
        });
        busy.unwrap().join().unwrap();
        assert_eq!(thread_cpu("nobody"), Duration::ZERO);
    }

    #[test]
    fn this_process_has_files_open() {
        assert!(open_files(std::process::id()) > 2);
        assert!(kernel().len() > "Linux ".len());
    }

    #[test]
    fn this_process_uses_memory() {
        let (now, highest) = resident_mib(std::process::id());
        assert!(now > 0.0 && highest >= now);
    }
}
