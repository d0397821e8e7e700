//! Between the model's types and rows: each kind's two directions stand side by side.

pub(crate) mod alert;
pub(crate) mod fact;
pub(crate) mod head;
pub(crate) mod hot;
pub(crate) mod incident;
pub(crate) mod issued;
pub(crate) mod ledger;
pub(crate) mod note;
pub(crate) mod record;

/// What `q` searches in: small letters, one line for each text, cut where it grows beyond what people search by.
pub(crate) fn searchable<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    const BYTES_MAX: usize = 1024;
    let mut search = String::new();
    for text in texts.into_iter().filter(|text| !text.is_empty()) {
        if !search.is_empty() {
            search.push('\n');
        }
        search.push_str(&text.to_lowercase());
        if search.len() >= BYTES_MAX {
            search.truncate(search.floor_char_boundary(BYTES_MAX));
            break;
        }
    }
    search
}
