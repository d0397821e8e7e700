-- What people say of outages in place of alerts; and what was called a false positive is found without a look at the rest.
CREATE TABLE correction (
  id bytea NOT NULL,
  domain text COLLATE "C" NOT NULL,
  service text COLLATE "C" NOT NULL,
  start bigint NOT NULL,
  stop bigint NOT NULL,
  withdrawn bigint NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY (id, domain)
);
CREATE INDEX correction_until ON correction (stop);
CREATE INDEX episode_false_positive ON episode (alert, id) WHERE false_positive = 1;
