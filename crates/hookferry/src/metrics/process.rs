//! The process itself, under the names that Prometheus' libraries share. Read from `/proc`; where there
//! is none they are left out.

use std::fs;

use chrono::{DateTime, Utc};
use prometheus_client::registry::Unit;

use super::families::{Family, Value};

/// What Linux counts a process' time in, on every machine it runs on.
const TICKS_PER_SECOND: f64 = 100.0;
const KIB: f64 = 1024.0;

/// What the system says of this process.
pub fn families(started_at: DateTime<Utc>) -> Vec<Family> {
    let started = started_at.timestamp_micros() as f64 * 1e-6;
    let stat = fs::read_to_string("/proc/self/stat").ok();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = fs::read_dir("/proc/self/fd").ok().map(Iterator::count);
    let cpu = Family::counter("process_cpu", Some(Unit::Seconds), "CPU time used");
    let cpu = match stat.as_deref().and_then(cpu_seconds) {
        Some(seconds) => cpu.with(Value::CountOfParts(seconds)),
        None => cpu,
    };
    let bytes = |name, help, field| {
        let kib = field_of(&status, field);
        Family::gauge(name, Some(Unit::Bytes), help).maybe(kib.map(|kib| kib * KIB))
    };
    vec![
        Family::gauge("process_start_time", Some(Unit::Seconds), "When it started, since 1970")
            .with(Value::Gauge(started)),
        cpu,
        bytes("process_resident_memory", "Memory in use", "VmRSS:"),
        bytes("process_virtual_memory", "Address space in use", "VmSize:"),
        Family::gauge("process_threads", None, "Threads").maybe(field_of(&status, "Threads:")),
        Family::gauge("process_open_fds", None, "Open files and connections")
            .maybe(files.map(|count| count as f64)),
        Family::gauge("process_max_fds", None, "How many there may be")
            .maybe(field_of(&limits, "Max open files")),
    ]
}

/// User and system time. The command's name, which may hold anything, ends with the last bracket.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_ascii_whitespace().skip(11);
    let mut next = || times.next()?.parse::<f64>().ok();
    Some((next()? + next()?) / TICKS_PER_SECOND)
}

/// The first number after a name at the beginning of a line.
fn field_of(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stand_behind_the_name_whatever_it_is() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 9 0 0 0 250 50 0 0 20 0 4 0 1 2 3";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        for bad in ["", "7 (a) S 1", "no brackets"] {
            assert_eq!(cpu_seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn fields_are_found_by_their_name() {
        let status = "Name:\thookferry\nVmSize:\t  2048 kB\nVmRSS:\t   512 kB\n";
        assert_eq!(field_of(status, "VmRSS:"), Some(512.0));
        assert_eq!(field_of(status, "Threads:"), None);
        let limits = "Limit  Soft Limit\nMax open files            1024                 4096\n";
        assert_eq!(field_of(limits, "Max open files"), Some(1024.0));
        assert_eq!(field_of("Max open files  unlimited", "Max open files"), None);
    }
}
