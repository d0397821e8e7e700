-- Which process writes: it says so again and again, and when it has not for some seconds, another may. By the server's
-- clock. What keeps a late one from writing is the epoch, not this.

CREATE TABLE lease (
  id bigint PRIMARY KEY CHECK (id = 1),
  holder text NOT NULL,
  until timestamptz NOT NULL,
  -- The server's session that renewed it last: where that is gone, its process is too, or will be back at once.
  session integer,
  session_began timestamptz
) WITH (fillfactor = 20);
INSERT INTO lease VALUES (1, '', '-infinity');
