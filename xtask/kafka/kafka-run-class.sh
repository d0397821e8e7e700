#!/usr/bin/env bash
# A class of Kafka's, with the classpath that it needs: kafka-run-class.sh CLASS [ARGUMENT…]
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec java -Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC "-Dlog4j.configuration=file:$home/tools-log4j.properties" \
    -cp "$(<"$home/classpath")" "$@"
