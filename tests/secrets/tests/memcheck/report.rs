//! What memcheck reports: `==12345== Conditional jump or move …`, and where, from the innermost frame on.

use std::fs;

/// One complaint.
pub(crate) struct Finding {
    pub(crate) what: String,
    /// From the innermost on.
    pub(crate) frames: Vec<Frame>,
}

pub(crate) struct Frame {
    pub(crate) function: String,
    pub(crate) path: String,
    /// 0 where the compiler merged lines.
    pub(crate) line: usize,
}

impl Frame {
    fn read(line: &str) -> Option<Self> {
        let line = line.trim_start();
        let (_, frame) = line
            .strip_prefix("at 0x")
            .or(line.strip_prefix("by 0x"))?
            .split_once(": ")?;
        let (function, place) = frame.rsplit_once(" (").unwrap_or((frame, ""));
        let place = place.trim_end_matches(')');
        let (path, line) = match place.rsplit_once(':') {
            Some((path, line)) => (path, line.parse().ok()?),
            None => (place, 0),
        };
        Some(Self {
            function: function.into(),
            path: path.into(),
            line,
        })
    }

    pub(crate) fn is_of_rust_itself(&self) -> bool {
        self.path.starts_with("library/") || self.path.contains("/library/")
    }

    pub(crate) fn is_of_the_core(&self) -> bool {
        self.path.contains("/protocol/src/")
    }

    /// The line itself.
    pub(crate) fn text(&self) -> String {
        let source = fs::read_to_string(&self.path).unwrap_or_default();
        let line = self.line.checked_sub(1).and_then(|before| source.lines().nth(before));
        line.unwrap_or_default().trim().into()
    }
}

/// All that memcheck complains about in what it printed.
pub(crate) fn findings(printed: &str) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for line in printed.lines() {
        let Some((_, line)) = line.strip_prefix("==").and_then(|line| line.split_once("== ")) else {
            continue;
        };
        match (Frame::read(line), findings.last_mut()) {
            (Some(frame), Some(finding)) => finding.frames.push(frame),
            (None, _) if !line.trim().is_empty() => findings.push(Finding {
                what: line.trim().into(),
                frames: Vec::new(),
            }),
            _ => {}
        }
    }
    findings.retain(|finding| !finding.frames.is_empty());
    findings
}
