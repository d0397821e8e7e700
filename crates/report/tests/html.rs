//! Reports as pages: the worked example to the byte, and whatever comes from outside.

pub(crate) mod markup;

use std::path::Path;

use model::item::SloWindow;
use model::limits::{REPORT_BURN_DOWNS_DRAWN_MAX, REPORT_CHART_ROWS_MAX, REPORT_HTML_ROWS_MAX};
use model::outage::OutageState;
use model::{Cmdb, ConfigurationItem, Span};
use report::grid::Column;
use report::{
    Answer, Cell, GroupBy, Question, Tabular, availability, changes, continuity, html, incidents, noise, problems, slo,
};
use serde_json::{Value, json};
use store::{Store, ready};
use wire::v1::AvailabilityRow;

use crate::stage::{Stage, at, correction, of_the_day, outage, spoken};
use crate::worked_example;

/// Nothing but text may come of these.
const HOSTILE: [&str; 7] = [
    "<script>alert(1)</script>",
    "\" onload=\"alert(1)",
    "'><img src=x onerror=alert(1)>",
    "a & b &lt;i&gt;",
    "\u{202e}txt\u{0}\u{7}\u{1b}[2J\u{2066}",
    "]]></style></title><svg onload=alert(1)>",
    "שלום \u{2069}\u{202e}x",
];

fn of_availability(store: &Store, question: Question) -> String {
    html::render(&ready(availability(store, &Question { include_intervals: true, ..question })).expect("it answers"))
}

fn of_objectives(store: &Store, question: Question) -> String {
    html::render(&ready(slo(store, &question.including(html::draws("slo")))).expect("it answers"))
}

/// Every report of a store, as a page.
fn pages(store: &Store, question: &Question) -> Vec<String> {
    vec![
        of_availability(store, question.clone()),
        of_objectives(store, question.clone()),
        html::render(&ready(continuity(store, question)).expect("it answers")),
        html::render(&ready(incidents(store, question)).expect("it answers")),
        html::render(&ready(changes(store, question)).expect("it answers")),
        html::render(&ready(noise(store, question)).expect("it answers")),
        html::render(&ready(problems(store, question)).expect("it answers")),
    ]
}

/// `UPDATE_EXPECT=1 cargo test -p report` rewrites the page; look at it in a browser before keeping it.
#[test]
fn the_worked_example_is_this_page() {
    let page = of_availability(&worked_example::stage().store(), of_the_day());
    let (before, rest) = page.split_once("<style>").expect("it has a style");
    let (_, after) = rest.split_once("</style>").expect("which ends");
    let version = format!("Watchfire {},", env!("CARGO_PKG_VERSION"));
    let page = format!("{before}<style>…</style>{after}").replace(&version, "Watchfire VERSION,");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/html/availability.html");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &page).expect("it can be written");
    }
    let expected = std::fs::read_to_string(&path).expect("the page is there: UPDATE_EXPECT=1 writes it");
    assert!(page == expected, "the page differs from tests/html/availability.html: UPDATE_EXPECT=1 shows how");
}

#[test]
fn every_report_is_a_page_that_stands_alone_and_whose_tags_balance() {
    let store = worked_example::stage().store();
    for page in pages(&store, &of_the_day()) {
        markup::is_sound(&page);
    }
    let by_day = Question { group_by: vec![GroupBy::Day], ..of_the_day() };
    markup::is_sound(&of_availability(&store, by_day.clone()));
    markup::is_sound(&html::render(&ready(incidents(&store, &by_day)).expect("it answers")));
    for page in pages(&Stage::empty().store(), &of_the_day()) {
        markup::is_sound(&page);
    }
}

/// Tests of the checker: what it lets pass would be worth nothing otherwise.
#[test]
fn a_page_that_is_not_sound_would_be_seen() {
    let page = of_availability(&worked_example::stage().store(), of_the_day());
    for (sound, broken) in [
        ("</table>", ""),
        ("</h1>", "</h2>"),
        ("<h1>", "<h1 onclick=\"x\">"),
        ("<body>", "<body><script>x</script>"),
        ("<body>", "<body><p class=x></p>"),
        ("<body>", "<body><a href=\"x\">y</a>"),
        ("<body>", "<body>see https://example.com"),
        ("<body>", "<body>a & b"),
        ("<body>", "<body>\u{202e}"),
    ] {
        let broken = page.replacen(sound, broken, 1);
        assert!(broken != page, "{sound} is in the page");
        let seen = std::panic::catch_unwind(|| markup::is_sound(&broken));
        assert!(seen.is_err(), "{sound} made into {broken:.60}");
    }
}

#[test]
fn names_from_outside_stay_text_wherever_they_stand() {
    let items = HOSTILE.map(|name| {
        let mut item = ConfigurationItem::new(name, "service");
        item.objectives.slo = Some(0.999);
        item.objectives.rto = Some(Span::from_minutes(5));
        item
    });
    let mut stage = Stage::with(Cmdb { items: items.into(), ..Cmdb::default() });
    stage.facts(|step| {
        step.outages = HOSTILE.map(|name| outage(name, "10:00", "11:00", OutageState::Down, false)).into();
        step.coverage = HOSTILE.map(|name| spoken(name, name, "00:00")).into();
        step.corrections = HOSTILE
            .map(|name| {
                let mut said = correction(name, name, at("12:00"), Some(at("13:00")), Some(OutageState::Degraded));
                (said.reason, said.by) = (name.into(), name.into());
                said
            })
            .into();
    });
    for page in pages(&stage.store(), &of_the_day()) {
        markup::is_sound(&page);
        assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("<svg onload"));
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "it is there all the same");
        assert!(page.contains("a &amp; b &amp;lt;i&amp;gt;"), "and not unescaped on the way");
        assert!(!page.contains("&amp;amp;"), "nor escaped twice");
    }
}

#[test]
fn a_service_without_evidence_is_no_data_and_never_everything() {
    let page = of_availability(&Stage::of("shop{service}").store(), of_the_day());
    assert!(page.contains("<td class=\"none\">no data</td>"), "in the table");
    assert!(page.contains("<text class=\"told\"") && page.contains(">no data</text>"), "in the chart");
    assert!(page.contains("<dt>no data</dt><dd>1</dd>"), "at its head");
    assert!(!page.contains(">100 %</td>") && !page.contains("<dd>100 %</dd>"), "{page}");
    assert!(!page.contains("<circle"), "and has no mark");
}

#[test]
fn of_a_budget_that_nobody_used_nothing_is_drawn_as_used() {
    let mut cmdb = testkit::cmdb("shop{service}\nmail{service}\ndark{service}");
    for item in &mut cmdb.items {
        item.objectives.slo = Some(0.99);
    }
    let mut stage = Stage::with(cmdb);
    stage.facts(|step| {
        step.coverage = ["shop", "mail"].map(|service| spoken(service, "mon", "00:00")).into();
        step.outages = vec![outage("mail", "10:00", "10:05", OutageState::Down, false)];
    });
    let page = html::render(&ready(slo(&stage.store(), &of_the_day())).expect("it answers"));
    assert_eq!(page.matches("<rect class=\"good\"").count(), 1, "that of mail");
    assert!(page.contains("; shop: 0s of "), "which is said in words");
    assert!(page.contains("dark: no data</desc>") && page.contains("<dt>no data</dt><dd>1</dd>"), "{page}");
}

#[test]
fn a_page_draws_how_budgets_were_used_and_since_when_one_is_exhausted() {
    let mut cmdb = testkit::cmdb("shop{service}\nmail{service}\ndark{service}");
    for item in &mut cmdb.items {
        item.objectives.slo = Some(0.999);
        item.objectives.slo_window = Some(SloWindow::Rolling(Span::from_days(5)));
    }
    let mut stage = Stage::with(cmdb);
    stage.facts(|step| {
        step.outages = vec![
            outage("mail", "10:00", "12:00", OutageState::Down, false),
            outage("shop", "10:00", "10:01", OutageState::Down, false),
        ];
    });
    let page = of_objectives(&stage.store(), of_the_day());
    markup::is_sound(&page);
    assert!(page.contains("<h3>How error budgets were used</h3>"));
    let said = "mail: exhausted 2026-05-04 10:07:12, −1h 53m left; shop: 6m 12s of 7m 12s left</desc>";
    assert!(page.contains(said), "the worst first, and nothing of what nobody watches: {page}");
    let count = |what: &str| page.matches(what).count();
    assert_eq!((count("class=\"zero\""), count("class=\"use\"")), (2, 2), "each has its line, and one of nought");
    assert_eq!(count("<path class=\"bad\""), 2, "what is beyond the budget, and the mark where that began");
    assert!(
        !of_objectives(&stage.store(), Question { now: at("09:00"), ..of_the_day() }).contains("budgets were used")
    );
}

#[test]
fn a_page_draws_the_budgets_of_which_most_is_used_and_says_how_many_there_are() {
    let names: Vec<String> = (0..REPORT_BURN_DOWNS_DRAWN_MAX + 2).map(|nth| format!("shop-{nth}{{service}}")).collect();
    let mut cmdb = testkit::cmdb(&names.join("\n"));
    cmdb.items.iter_mut().for_each(|item| item.objectives.slo = Some(0.999));
    let ids: Vec<String> = cmdb.items.iter().map(|item| item.id.to_string()).collect();
    let mut stage = Stage::with(cmdb);
    stage.facts(|step| {
        let lost = |id: &String| outage(id, "10:00", "10:05", OutageState::Down, false);
        step.outages = ids.iter().map(lost).collect();
    });
    let page = of_objectives(&stage.store(), of_the_day());
    assert!(
        page.contains(&format!("The first {REPORT_BURN_DOWNS_DRAWN_MAX} of {}, of which most is used.", ids.len()))
    );
    assert_eq!(page.matches("class=\"use\"").count(), REPORT_BURN_DOWNS_DRAWN_MAX);
}

#[test]
fn a_page_says_its_window_its_now_its_zone_its_cmdb_and_what_was_moved() {
    let question = Question { now: at("12:00"), time_zone: Some("Europe/Berlin".to_owned()), ..of_the_day() };
    let page = of_availability(&worked_example::stage().store(), question);
    for said in [
        "2026-05-04 00:00 – 2026-05-05 00:00 UTC · 1 day",
        "<dt>As seen at</dt><dd>2026-05-04 12:00 UTC</dd>",
        "<dt>Days and months of</dt><dd>Europe/Berlin</dd>",
        "<dt>CMDB</dt><dd>version 1</dd>",
        "Nothing was corrected",
    ] {
        assert!(page.contains(said), "{said}");
    }
    let part = Question { services: vec!["billing".into()], with_service_only: true, ..of_the_day() };
    let page = of_availability(&worked_example::stage().store(), part);
    assert!(page.contains("<dt>Service</dt><dd>only billing</dd>"), "what is left out is said");
    assert!(page.contains("<dt>Incidents</dt><dd>only those that affected a service</dd>"));
    let mut stage = Stage::of("shop{service}");
    stage.facts(|step| {
        step.corrections = vec![correction("x", "shop", at("10:00"), Some(at("11:00")), Some(OutageState::Down))];
    });
    let page = of_availability(&stage.store(), of_the_day());
    assert!(page.contains("1 correction. Late truth moved, over all services of this report: down +1h, degraded 0s,"));
    assert!(page.contains("<td class=\"t\"><bdi>customers said so</bdi></td><td class=\"t\"><bdi>mia</bdi></td>"));
    let page = of_availability(&Stage::empty().store(), of_the_day());
    assert!(page.contains("<dt>CMDB</dt><dd>none</dd>") && page.contains("No services: the CMDB has"));
}

#[test]
fn what_a_chart_shows_is_said_in_words_too() {
    for page in pages(&worked_example::stage().store(), &of_the_day()) {
        let drawn = page.matches("<figure>").count();
        assert_eq!(page.matches("role=\"img\"").count(), drawn);
        assert_eq!(page.matches("<desc id=").count(), drawn);
    }
    let page = of_availability(&worked_example::stage().store(), of_the_day());
    assert!(page.contains("<desc id=\"d0\">billing: 87.5 % of 99.5 %; checkout: 89.393 % of 99 %</desc>"), "{page}");
    assert!(page.contains("checkout: down 2h 20m, degraded 1h, planned 1h; billing: down 1h 15m, degraded 10m"));
}

/// As a service far larger than most would have it.
fn rows(count: usize) -> Answer<AvailabilityRow> {
    let row = |nth: usize| {
        let share = 1.0 - nth as f64 / 1e6;
        json!({"service": format!("service-{nth:05}"), "agreed_seconds": 86_400, "down_seconds": nth, "degraded_seconds": 0,
               "planned_seconds": 0, "availability": share, "outages": 1, "mean_outage_seconds": nth, "mtbf_seconds": 1,
               "mtbsi_seconds": null, "objective": 0.999, "met": share >= 0.999, "coverage": 1, "blind_seconds": 0,
               "availability_as_experienced": share})
    };
    let (from, to) = ("2026-05-04T00:00:00Z", "2026-05-05T00:00:00Z");
    let items: Vec<Value> = (0..count).map(row).collect();
    serde_json::from_value(json!({"from": from, "to": to, "now": to, "items": items})).expect("it is an answer")
}

#[test]
fn a_page_of_very_many_rows_is_bounded_and_says_what_it_leaves_out() {
    let page = html::render(&rows(REPORT_HTML_ROWS_MAX + 2000));
    markup::is_sound(&page);
    let shown = page.split("<h2>").map(|section| section.matches("<tr><th scope=\"row\">").count());
    assert_eq!(shown.filter(|rows| *rows > 0).collect::<Vec<_>>(), [REPORT_HTML_ROWS_MAX; 2], "figures, and details");
    assert!(page.contains("The first 10\u{202f}000 of 12\u{202f}000 rows (limit REPORT_HTML_ROWS_MAX)"));
    assert_eq!(page.matches("<text class=\"name\"").count(), REPORT_CHART_ROWS_MAX);
    assert!(page.contains("The first 24 of 12\u{202f}000, those that stand out most."), "charts say it too");
    assert!(page.contains("service-11999"), "the worst is drawn, though it is far down the table");
    assert!(page.contains("<dd>1\u{202f}001 of 12\u{202f}000</dd>"), "headlines are of all rows");
    assert!(page.len() < 6 << 20, "{} bytes", page.len());
    let whole = html::render(&rows(REPORT_HTML_ROWS_MAX));
    assert!(!whole.contains("REPORT_HTML_ROWS_MAX"));
}

/// A report that this crate does not know.
#[derive(Debug)]
struct Target(&'static str, [u64; 3]);

impl Tabular for Target {
    const TITLE: &'static str = "Targets & agreements";
    const NOTHING: &'static str = "No <agreements>.";
    const COLUMNS: &'static [Column] = &[
        Column { name: "agreement", heading: "agreement", detail: false },
        Column { name: "met", heading: "met", detail: false },
        Column { name: "breached", heading: "breached", detail: false },
        Column { name: "running", heading: "running", detail: false },
    ];

    fn cells(&self) -> Vec<Cell> {
        let counts = self.1.map(Cell::Count);
        std::iter::once(Cell::Text(self.0.to_owned())).chain(counts).collect()
    }
}

#[test]
fn any_grid_is_a_page_and_what_its_columns_say_is_drawn() {
    let answer = |items: Value| -> Answer<Value> {
        let (from, to) = ("2026-05-04T00:00:00Z", "2026-05-05T00:00:00Z");
        serde_json::from_value(json!({"from": from, "to": to, "now": to, "items": items})).expect("it is an answer")
    };
    let of = |rows: Vec<Target>| {
        let answer = answer(json!([]));
        let items = rows.into_iter().map(report::Explained::plain);
        html::render(&Answer {
            report: wire::v1::Report { from: answer.report.from, to: answer.report.to, items: items.collect() },
            now: answer.now,
            time_zone: None,
            filters: answer.filters,
            cmdb_version: None,
            corrections: answer.corrections,
            completeness: answer.completeness,
            notes: vec!["a note & <b>".to_owned()],
            definitions: answer.definitions,
        })
    };
    let page = of(vec![Target("gold", [40, 2, 1]), Target("silver", [3, 0, 0])]);
    markup::is_sound(&page);
    for said in [
        "<h1>Targets &amp; agreements</h1>",
        "Targets met and breached",
        "gold: 40 met, 2 breached, 1 running; silver: 3 met, 0 breached",
        "a note &amp; &lt;b&gt;",
    ] {
        assert!(page.contains(said), "{said}");
    }
    let page = of(Vec::new());
    markup::is_sound(&page);
    assert!(page.contains("No &lt;agreements&gt;.") && !page.contains("<figure>"));
}
