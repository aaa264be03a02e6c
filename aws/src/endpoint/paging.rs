//! Lists that come in pages.

use data_encoding::BASE64URL_NOPAD;

use super::parameters::{MARKER, Parameters};
use super::xml::Xml;

/// How many items a page has where the caller does not say.
const ITEMS: usize = 100;

/// Which part of a list is wanted.
pub(super) struct Paging {
    after: Option<String>,
    most: usize,
}

/// A part of a list.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    marker: Option<String>,
}

impl Paging {
    pub(super) fn read(parameters: &mut Parameters<'_>) -> Self {
        let marker = parameters.optional("Marker", &MARKER);
        let most = parameters.integer("MaxItems", 1, 1000);
        // A marker that nobody gave out is after everything: an empty page.
        let key = |marker: &str| {
            let bytes = BASE64URL_NOPAD.decode(marker.as_bytes()).ok();
            bytes
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .unwrap_or_else(|| char::MAX.to_string())
        };
        Self {
            after: marker.map(key),
            most: most.and_then(|most| usize::try_from(most).ok()).unwrap_or(ITEMS),
        }
    }

    /// The page of a list that is sorted by these keys.
    pub(super) fn page<T>(&self, all: impl Iterator<Item = T>, key: impl Fn(&T) -> &str) -> Page<T> {
        let is_before = |item: &T| self.after.as_deref().is_some_and(|after| key(item) <= after);
        let mut rest = all.skip_while(is_before);
        let items: Vec<_> = rest.by_ref().take(self.most).collect();
        let is_truncated = rest.next().is_some();
        let last = items.last().filter(|_| is_truncated);
        let marker = last.map(|last| BASE64URL_NOPAD.encode(key(last).as_bytes()));
        Page { items, marker }
    }
}

impl<T> Page<T> {
    /// Says whether there is more.
    pub(super) fn end(&self, xml: &mut Xml) {
        xml.shown("IsTruncated", self.marker.is_some());
        xml.optional("Marker", self.marker.as_deref());
    }
}
