//! CPU time, the cheapest sample of each operation, and the table at the end.

use std::fmt::Write as _;
use std::time::Duration;

use criterion::Criterion;

/// What was measured.
#[derive(Default)]
pub(crate) struct Meter(Vec<Entry>);

struct Entry {
    group: &'static str,
    name: &'static str,
    cheapest: Duration,
}

impl Meter {
    /// Has criterion run `operation`, and keeps what it costs when it costs least.
    pub(crate) fn measure(
        &mut self,
        criterion: &mut Criterion,
        group: &'static str,
        name: &'static str,
        mut operation: impl FnMut(),
    ) {
        let mut cheapest: Option<Duration> = None;
        criterion.bench_function(&format!("{group}/{name}"), |bencher| {
            bencher.iter_custom(|iterations| {
                // What is prepared at the first use is no part of the operation.
                if cheapest.is_none() {
                    operation();
                }
                let begun = cpu_time();
                for _ in 0..iterations {
                    operation();
                }
                let total = cpu_time() - begun;
                let each = total.div_f64(iterations as f64);
                cheapest = Some(cheapest.map_or(each, |cheapest| cheapest.min(each)));
                // Criterion divides by it.
                total.max(Duration::from_nanos(1))
            });
        });
        if let Some(cheapest) = cheapest {
            self.0.push(Entry { group, name, cheapest });
        }
    }

    /// What was measured, with what the design aims at.
    pub(crate) fn table(&self) -> String {
        let mut table = format!("\n{:<36}{:>10}{:>12}  ", "", "CPU µs", "per second");
        table.push_str("compared\n");
        for entry in &self.0 {
            let seconds = entry.cheapest.as_secs_f64();
            let name = format!("{}: {}", entry.group, entry.name);
            let _ = write!(table, "{name:<36}{:>10.2}{:>12.0}", seconds * 1e6, seconds.recip());
            if let Some(note) = self.note(entry) {
                let _ = write!(table, "  {note}");
            }
            table.push('\n');
        }
        table
    }

    fn note(&self, entry: &Entry) -> Option<String> {
        let cost = |group, name| {
            let found = self.0.iter().find(|entry| entry.group == group && entry.name == name);
            found.map(|entry| entry.cheapest.as_secs_f64())
        };
        let seconds = entry.cheapest.as_secs_f64();
        let needed = match entry.name {
            "CTAP2 register" | "U2F register" => Some(cost("selected", "public key")? + cost("selected", "signature")?),
            "CTAP2 authenticate" | "U2F authenticate" => Some(cost("selected", "signature")?),
            "PIN verification" => Some(cost("selected", "key agreement")?),
            "list 100 credentials" => Some(100.0 * cost("selected", "public key")?),
            "list 1,000 credentials" => Some(1000.0 * cost("selected", "public key")?),
            _ => None,
        };
        match (entry.group, needed) {
            ("in process", Some(needed)) => Some(format!(
                "{:.2} × its primitives, {:+.2} µs{}",
                seconds / needed,
                (seconds - needed) * 1e6,
                if entry.name == "PIN verification" {
                    ""
                } else {
                    " (aim: at most 1.15 ×)"
                }
            )),
            ("management", Some(needed)) => {
                let linear = cost("management", "list 100 credentials")? * 10.0 / seconds;
                let of_hundred = match entry.name {
                    "list 1,000 credentials" => format!(", {:.2} × ten times 100", linear.recip()),
                    _ => String::new(),
                };
                Some(format!("{:.2} × its public keys{of_hundred}", seconds / needed))
            }
            ("UDP", _) => {
                let more = seconds - cost("in process", entry.name)?;
                Some(format!("{:+.2} µs to in process (aim: below 100)", more * 1e6))
            }
            ("growth", _) if entry.name == "10,000 credentials" => {
                let ten = cost("growth", "10 credentials")?;
                Some(format!("{:.2} × that with ten (aim: at most 1.5 ×)", seconds / ten))
            }
            _ => None,
        }
    }
}

/// The CPU time of this process.
#[cfg(unix)]
fn cpu_time() -> Duration {
    let clock = nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID;
    nix::time::clock_gettime(clock).expect("a clock").into()
}

/// Where there is no such clock: the time that passes.
#[cfg(not(unix))]
fn cpu_time() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}
