#!/bin/sh
# The live daemon beside the programs it works with, all on 127.0.0.1: promtool and a real Prometheus
# read its metrics, a real Alertmanager gets its alerts, systemd's socket hears it. On the simulated
# cluster, so that alerts come when they are wanted.
set -u
. tests/support/cli.sh
"$F" help live >/dev/null 2>&1 || {
    echo "SKIP foreshard live: it was not built"
    exit 0
}
pids=
stop_all() {
    for pid in $pids; do kill "$pid" 2>/dev/null; done
    for pid in $pids; do wait "$pid" 2>/dev/null; done
    rm -rf "$T"
}
trap stop_all EXIT
trap 'exit 1' INT TERM
token=0123456789abcdef0123456789abcdef
echo $token >"$T/token"
D=live/deploy
url() { sed -n 's/.*"event":"api","text":"\([^"]*\)".*/\1/p' "$T/log" 2>/dev/null | tail -n 1; }
daemon() { # ARGS...
    rm -f "$T/log"
    "$F" live $D/demo.cfg --set live.state="$T/s.db" --set live.log="$T/log" --set api.listen=:0 \
        --set api.token_file="$T/token" "$@" 2>"$T/stderr" &
    pid=$!
    pids="$pids $pid"
    for i in $(seq 100); do
        U=$(url)
        [ -n "$U" ] && curl -sf "$U/readyz" >/dev/null 2>&1 && return
        sleep 0.1
    done
    fail "the daemon does not come up: $(head -n 3 "$T/stderr")"
    exit 1
}
get() { curl -s -m 10 "$@"; }
is() { # "sentence" COMMAND...
    what=$1
    shift
    if "$@" >"$T/is" 2>&1; then pass "$what"; else fail "$what: $(head -n 3 "$T/is" | cut -c 1-200)"; fi
}
within() { # SECONDS COMMAND...
    n=$(($1 * 5))
    shift
    while [ $n -gt 0 ]; do
        "$@" >/dev/null 2>&1 && return 0
        n=$((n - 1))
        sleep 0.2
    done
    return 1
}
free_port() { # some port that nobody listens on now
    p=$((20000 + $$ % 20000 + $1))
    while curl -s -o /dev/null -m 1 "http://127.0.0.1:$p"; [ $? != 7 ]; do p=$((p + 7)); done # 7: refused
    echo $p
}

# ---- what needs no other program
daemon --set live.speed=60
is "the description is what the repository holds" sh -c "curl -s $U/v1/openapi.json | cmp - $D/openapi.json"
[ "$(get -o /dev/null -w '%{http_code}' -X POST "$U/v1/plans")" = 401 ] && pass "no token, no plan" || fail "a plan without a token"
get -X POST -H "Authorization: Bearer $token" "$U/v1/plans" | grep -q '"status":"dry-run"' && pass "a dry run" || fail "no dry run"
timeout 5 curl -sN "$U/v1/events" | grep -m 1 -q '^data: {' && pass "events come" || fail "no events"
grep -q "$token" "$T/log" && fail "the token is in the log" || pass "the token is not in the log"
kill -TERM $pid
wait $pid && pass "it ends when told to" || fail "it does not end well"

# ---- TLS
if command -v openssl >/dev/null; then
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/key" -out "$T/crt" -days 2 -subj /CN=127.0.0.1 \
        -addext subjectAltName=IP:127.0.0.1 >/dev/null 2>&1
    rm -f "$T/log"
    "$F" live $D/demo.cfg --set live.state="$T/t.db" --set live.log="$T/log" --set api.listen=:0 \
        --set api.tls_certificate="$T/crt" --set api.tls_key="$T/key" --set live.span=10min --set live.speed=60 &
    pids="$pids $!"
    within 10 grep -q '"event":"api"' "$T/log"
    U=$(url)
    case $U in https:*) pass "it says https" ;; *) fail "it says $U" ;; esac
    within 5 curl -sf --cacert "$T/crt" "$U/v1/status" && pass "and speaks it" || fail "no answer over TLS"
    curl -sf "http${U#https}/v1/status" >/dev/null 2>&1 && fail "it answers in the clear" || pass "and nothing else"
fi

# ---- promtool and Prometheus
if command -v promtool >/dev/null && command -v prometheus >/dev/null; then
    is "promtool likes the rules" promtool check rules $D/prometheus_rules.yml
    is "and they do what they are for" promtool test rules $D/prometheus_rules_test.yml
    daemon --set live.speed=60
    get "$U/metrics" >"$T/metrics"
    promtool check metrics <"$T/metrics" >"$T/said" 2>&1 && [ ! -s "$T/said" ] &&
        pass "promtool likes the metrics" || fail "promtool: $(head -n 2 "$T/said")"
    port=$(free_port 1)
    cat >"$T/prometheus.yml" <<END
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs: [{job_name: foreshard, static_configs: [{targets: ["${U#http://}"]}]}]
END
    cp $D/prometheus_rules.yml "$T/rules.yml"
    prometheus --config.file="$T/prometheus.yml" --storage.tsdb.path="$T/tsdb" \
        --web.listen-address=127.0.0.1:"$port" >"$T/prometheus.log" 2>&1 &
    pids="$pids $!"
    up() { get "http://127.0.0.1:$port/api/v1/targets" | grep -q '"health":"up"'; }
    seen() { get "http://127.0.0.1:$port/api/v1/query?query=foreshard:node_utilization:max" | grep -q '"value"'; }
    within 30 up && pass "a real Prometheus reads it" || fail "Prometheus: $(get "http://127.0.0.1:$port/api/v1/targets" | grep -o '"lastError":"[^"]*"')"
    within 20 seen && pass "and records by the rules" || fail "no recording"
    kill $pid
else
    echo "SKIP Prometheus: not installed"
fi

# ---- Alertmanager
if command -v prometheus-alertmanager >/dev/null; then
    port=$(free_port 2)
    cat >"$T/am.yml" <<'END'
route: {receiver: none, group_wait: 1s}
receivers: [{name: none}]
END
    prometheus-alertmanager --config.file="$T/am.yml" --storage.path="$T/am" --cluster.listen-address= \
        --web.listen-address=127.0.0.1:"$port" >"$T/am.log" 2>&1 &
    am=$!
    pids="$pids $am"
    A=http://127.0.0.1:$port
    within 20 curl -sf "$A/-/ready" || fail "no Alertmanager: $(tail -n 2 "$T/am.log")"
    daemon --set live.speed=60 --set live.mode=observe --set notify.alertmanager="$A" --set notify.resend=2s \
        --set notify.cluster=blue
    there() { get "$A/api/v2/alerts?filter=cluster=blue&active=true" | grep -q '"alertname":"Foreshard'; }
    within 40 there && pass "a real Alertmanager shows our alerts" || fail "no alert: $(get "$A/api/v2/alerts" | cut -c 1-200)"
    get "$A/api/v2/alerts" | grep -q '"severity":"\(info\|warning\|critical\)"' && pass "with their labels" || fail "no severity"
    first=$(get "$A/api/v2/alerts" | grep -o '"updatedAt":"[^"]*"' | sort | tail -n 1)
    resent() { [ "$(get "$A/api/v2/alerts" | grep -o '"updatedAt":"[^"]*"' | sort | tail -n 1)" != "$first" ]; }
    within 10 resent && pass "and are sent again" || fail "they are not sent again"
    # What our API calls resolved is not active there any more.
    resolved() { get "$U/v1/alerts" | grep -q '"stands":false'; }
    within 60 resolved && pass "an alert is resolved" || fail "no alert was resolved"
    agree() {
        ours=$(get "$U/v1/alerts" | grep -o '"stands":true' | wc -l)
        theirs=$(get "$A/api/v2/alerts?filter=cluster=blue&active=true" | grep -o '"alertname"' | wc -l)
        [ "$ours" = "$theirs" ]
    }
    within 30 agree && pass "and both sides agree on what stands" || fail "ours $ours, theirs $theirs"
    counted() { get "$U/metrics" | grep -q '^foreshard_notifications_total [1-9]'; }
    within 10 counted && pass "deliveries are counted" || fail "no deliveries counted"
    kill $am
    failing() { get "$U/metrics" | grep -q '^foreshard_notifications_failed_total [1-9]'; }
    within 20 failing && pass "an Alertmanager that is gone is tried again" || fail "its loss goes unnoticed"
    get "$U/readyz" | grep -q ready && pass "and holds nobody up" || fail "not ready without it"
    kill $pid
else
    echo "SKIP Alertmanager: not installed"
fi
exit $bad
