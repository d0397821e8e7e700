-- What fired together before: how often a party began, and how often two began together.
CREATE TABLE learned (
  domain text COLLATE "C" NOT NULL,
  party text COLLATE "C" NOT NULL,
  other text COLLATE "C" NOT NULL,
  count bigint NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (domain, party, other)
);
