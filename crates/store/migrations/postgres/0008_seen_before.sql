-- What happened before with the same cause, or with the same complaints, however long ago and among however much.
CREATE INDEX recurrence_of_cause ON recurrence (domain, ci, opened_at, incident);
CREATE INDEX recurrence_of_complaints ON recurrence (domain, signature, opened_at, incident);
CREATE INDEX recurrence_of_both ON recurrence (domain, ci, signature, opened_at, incident);
