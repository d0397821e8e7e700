#!/bin/sh
# The topics that deploy/local/kafka-postgres.yaml reads and writes, on the broker of `cargo xtask services up`.
set -eu
for topic in watchfire.alerts prometheus.alerts cloudevents; do
    "$WATCHFIRE_TEST_KAFKA_HOME/kafka-topics.sh" --bootstrap-server "$WATCHFIRE_TEST_KAFKA" \
        --create --if-not-exists --topic "$topic" --partitions 6
done
for topic in watchfire.incidents watchfire.problems watchfire.services watchfire.dead-letter; do
    "$WATCHFIRE_TEST_KAFKA_HOME/kafka-topics.sh" --bootstrap-server "$WATCHFIRE_TEST_KAFKA" \
        --create --if-not-exists --topic "$topic" --partitions 1
done
