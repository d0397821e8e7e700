//! The pipelines of the folder `pipelines/`, inside the binary.

/// A shipped file.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// Of the pipeline and of its folder.
    pub name: &'static str,
    /// What errors call it.
    pub path: &'static str,
    pub text: &'static str,
}

macro_rules! shipped {
    ($($name:literal),*) => {
        [$(Shipped {
            name: $name,
            path: concat!("pipelines/", $name, "/pipeline.yaml"),
            text: include_str!(concat!("../../../pipelines/", $name, "/pipeline.yaml")),
        }),*]
    };
}

/// Sorted by name.
pub const PIPELINES: [Shipped; 5] = shipped!["alertmanager", "cloudevents", "default", "prometheus", "watchfire"];
