//! Questions as SQL, in a database's own dialect. Every value is bound; the text is made of the schema's names only.

use crate::schema::Kind;
use crate::select::{Condition, Select};
use crate::value::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// A question and what its marks stand for, in their order.
#[derive(Debug)]
pub(crate) struct Question {
    dialect: Dialect,
    pub(crate) text: String,
    pub(crate) bound: Vec<Bound>,
}

/// What a mark stands for.
#[derive(Debug)]
pub(crate) enum Bound {
    One(Value),
    /// Any of these, which a column of this kind is compared with: one mark and one text, however many there are.
    Any(Kind, Vec<Value>),
}

pub(crate) fn select(dialect: Dialect, select: &Select) -> Question {
    let mut question = Question { dialect, text: format!("SELECT {} ", select.shown().join(", ")), bound: Vec::new() };
    question.find(select);
    let direction = if select.descending { " DESC" } else { "" };
    let order: Vec<String> = select.order.iter().map(|column| format!("{column}{direction}")).collect();
    question.write(&format!(" ORDER BY {}", order.join(", ")));
    if let Some(limit) = select.limit {
        let mark = question.one(Value::from(limit as u64));
        question.write(&format!(" LIMIT {mark}"));
    }
    // On SQLite whoever writes keeps every other writer out.
    if select.locked && dialect == Dialect::Postgres {
        question.write(" FOR UPDATE");
    }
    question
}

pub(crate) fn count(dialect: Dialect, select: &Select) -> Question {
    let mut question = Question { dialect, text: "SELECT count(*) ".to_owned(), bound: Vec::new() };
    question.find(select);
    question
}

impl Question {
    fn write(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Binds it, and gives the mark that stands for it.
    fn bind(&mut self, bound: Bound) -> String {
        self.bound.push(bound);
        match self.dialect {
            Dialect::Sqlite => "?".to_owned(),
            Dialect::Postgres => format!("${}", self.bound.len()),
        }
    }

    fn one(&mut self, value: Value) -> String {
        self.bind(Bound::One(value))
    }

    fn find(&mut self, select: &Select) {
        self.write(&format!("FROM {}", select.table.name));
        let mut joint = " WHERE ";
        for condition in &select.conditions {
            self.write(joint);
            self.condition(select, condition);
            joint = " AND ";
        }
        if let Some(after) = &select.after {
            self.write(joint);
            let than = if select.descending { '<' } else { '>' };
            let marks: Vec<String> = after.iter().map(|value| self.one(value.clone())).collect();
            self.write(&format!("({}) {than} ({})", select.order.join(", "), marks.join(", ")));
        }
    }

    fn condition(&mut self, select: &Select, condition: &Condition) {
        let compared = |question: &mut Question, column: &str, operator: &str, value: &Value| {
            let mark = question.one(value.clone());
            question.write(&format!("{column} {operator} {mark}"));
        };
        match condition {
            Condition::Is(column, value) => compared(self, column, "=", value),
            Condition::Flag(column, flag) => self.write(&format!("{column} = {}", i64::from(*flag))),
            Condition::AnyOf(column, values) => self.any_of(column, select.table.column(column).kind, values),
            Condition::AtLeast(column, value) => compared(self, column, ">=", value),
            Condition::Less(column, value) => compared(self, column, "<", value),
            Condition::Null(column) => self.write(&format!("{column} IS NULL")),
            Condition::OpenOrAfter(column, value) => {
                self.write(&format!("({column} IS NULL OR "));
                compared(self, column, ">", value);
                self.write(")");
            }
            Condition::Contains(column, text) => {
                let mark = self.one(Value::from(&**text));
                let place = match self.dialect {
                    Dialect::Sqlite => "instr",
                    Dialect::Postgres => "strpos",
                };
                self.write(&format!("{place}({column}, {mark}) > 0"));
            }
            Condition::Among(column, inner) => {
                self.write(&format!("{column} IN (SELECT {} ", inner.shown().join(", ")));
                self.find(inner);
                self.write(")");
            }
        }
    }

    fn any_of(&mut self, column: &str, kind: Kind, values: &[Value]) {
        let mark = self.bind(Bound::Any(kind, values.to_vec()));
        let any = match (self.dialect, kind) {
            (Dialect::Postgres, _) => format!("{column} = ANY({mark})"),
            // SQLite has no arrays: they go as JSON, bytes as hexadecimal.
            (Dialect::Sqlite, Kind::Id | Kind::Bytes) => {
                format!("{column} IN (SELECT unhex(value) FROM json_each({mark}))")
            }
            (Dialect::Sqlite, Kind::Int | Kind::Text) => format!("{column} IN (SELECT value FROM json_each({mark}))"),
        };
        self.write(&any);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{ALERT, EPISODE};

    #[test]
    fn the_same_question_has_a_text_in_each_dialect() {
        let inner = Select::from(&EPISODE).columns(&["alert"]).is("incident", Value::Id([1; 16]));
        let asked = Select::from(&ALERT)
            .columns(&["id", "changed_at"])
            .any_of("source", ["prom"])
            .with(Condition::Contains("search", "disk".into()))
            .with(Condition::Among("id", Box::new(inner)))
            .newest(&["changed_at", "id"])
            .after(Some(vec![Value::Int(9), Value::Id([2; 16])]))
            .limit(7);
        let sqlite = select(Dialect::Sqlite, &asked);
        assert_eq!(
            sqlite.text,
            "SELECT id, changed_at FROM alert WHERE source IN (SELECT value FROM json_each(?)) AND instr(search, ?) > 0 \
             AND id IN (SELECT alert FROM episode WHERE incident = ?) AND (changed_at, id) < (?, ?) \
             ORDER BY changed_at DESC, id DESC LIMIT ?"
        );
        let postgres = select(Dialect::Postgres, &asked);
        assert_eq!(
            postgres.text,
            "SELECT id, changed_at FROM alert WHERE source = ANY($1) AND strpos(search, $2) > 0 \
             AND id IN (SELECT alert FROM episode WHERE incident = $3) AND (changed_at, id) < ($4, $5) \
             ORDER BY changed_at DESC, id DESC LIMIT $6"
        );
        assert_eq!((sqlite.bound.len(), postgres.bound.len()), (6, 6));
    }
}
