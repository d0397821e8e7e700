#!/usr/bin/env bash
# A broker in a folder of its own: kafka-broker.sh COMMAND FOLDER [NAME=VALUE…]
#
#   settle  choose its ports and write its settings, where that is not done yet
#   run     settle, format, and be the broker: in the foreground, until it is killed
#   start   run it in the background and come back when it answers
#   status  say its ports; 3 where it does not run
#   stop    let it end in order
#   kill    end it at once, as `kill -9` of what is in FOLDER/pid does
#
# FOLDER keeps `ports` (NAME=NUMBER, a line for each listener), `pid`, `server.properties`, `broker.log` and `data`.
# After it ended, whichever way, `start` and `run` bring it back with its ports and its data.
# NAME=VALUE changes a setting of the broker's, until it ends.
set -euo pipefail

home=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command=${1:?say settle, run, start, status, stop or kill}
mkdir -p "${2:?say in which folder}"
folder=$(cd "$2" && pwd)
shift 2

listeners=(PLAINTEXT SSL SASL_PLAINTEXT SASL_SSL CONTROLLER)
seconds_to_start=120
seconds_to_end=60

# Below what systems give to connections that go out: while a broker is down, nobody else comes to have its ports. A
# folder for each number makes that two brokers that begin together do not choose the same.
choose_ports() {
    local first port taken
    mkdir -p "$home/ports"
    while :; do
        first=$((10000 + ${#listeners[@]} * (RANDOM % 4000)))
        mkdir "$home/ports/$first" 2>/dev/null || continue
        taken=
        for ((port = first; port < first + ${#listeners[@]}; port++)); do
            if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then taken=$port; fi
        done
        if [ -z "$taken" ]; then break; fi
    done
    for listener in "${listeners[@]}"; do
        echo "$listener=$((first++))"
    done
}

settle() {
    local text listener port
    if [ ! -f "$folder/ports" ]; then
        choose_ports >"$folder/ports.part"
        mv "$folder/ports.part" "$folder/ports"
    fi
    text=$(<"$home/server.properties")
    while IFS='=' read -r listener port; do
        text=${text//"@$listener@"/$port}
    done <"$folder/ports"
    text=${text//"@HOME@"/$home}
    echo "${text//"@FOLDER@"/$folder}" >"$folder/server.properties"
}

# What an interrupted formatting left is not formatted.
format() {
    if [ -f "$folder/formatted" ]; then return; fi
    rm -rf "$folder/data"
    "$home/kafka-run-class.sh" kafka.tools.StorageTool format --config "$folder/server.properties" \
        --cluster-id "$(head -c 16 /dev/urandom | base64 | tr '+/' 'AB' | tr -d '=')" \
        --add-scram 'SCRAM-SHA-256=[name=scram,password=scram-secret]' \
        --add-scram 'SCRAM-SHA-512=[name=scram,password=scram-secret]'
    touch "$folder/formatted"
}

run() {
    local overrides=()
    for setting in "$@"; do
        overrides+=(--override "$setting")
    done
    settle
    exec >>"$folder/broker.log" 2>&1
    format
    echo $$ >"$folder/pid"
    exec java -Xms128m -Xmx512m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \
        "-Dlog4j.configuration=file:$home/log4j.properties" -cp "$(<"$home/classpath")" \
        kafka.Kafka "$folder/server.properties" ${overrides[@]+"${overrides[@]}"}
}

# The number of its process, and nothing where none runs: a number is given to somebody else in time.
process() {
    local pid
    if [ -f "$folder/pid" ]; then
        pid=$(<"$folder/pid")
        case "$(ps -ww -p "$pid" -o args= 2>/dev/null)" in
            *"kafka.Kafka $folder/server.properties"*) echo "$pid" ;;
        esac
    fi
}

start() {
    local before launched
    if [ -n "$(process)" ]; then return; fi
    touch "$folder/broker.log"
    before=$(wc -c <"$folder/broker.log")
    # In a group of its own, it does not end with whoever asked for it.
    set -m
    nohup "${BASH_SOURCE[0]}" run "$folder" "$@" </dev/null >>"$folder/broker.log" 2>&1 &
    launched=$!
    set +m
    for ((tenths = 0; tenths < 10 * seconds_to_start; tenths++)); do
        if grep -q 'Kafka Server started' < <(tail -c "+$((before + 1))" "$folder/broker.log"); then return; fi
        if ! kill -0 "$launched" 2>/dev/null; then break; fi
        sleep 0.1
    done
    kill -KILL "$launched" 2>/dev/null || true
    echo "the broker did not start; $folder/broker.log says why, and ends so:" >&2
    tail -n 20 "$folder/broker.log" >&2
    exit 1
}

end() {
    local pid
    pid=$(process)
    if [ -z "$pid" ]; then return; fi
    kill "-$1" "$pid"
    for ((tenths = 0; tenths < 10 * seconds_to_end; tenths++)); do
        if [ -z "$(process)" ]; then return; fi
        sleep 0.1
    done
    echo "the broker does not end; $folder/broker.log may say why" >&2
    exit 1
}

case "$command" in
    settle) settle ;;
    run) run "$@" ;;
    start) start "$@" ;;
    status) if [ -z "$(process)" ]; then exit 3; fi && cat "$folder/ports" ;;
    stop) end TERM ;;
    kill) end KILL ;;
    *) echo "there is no command \`$command\`" >&2 && exit 2 ;;
esac
