#!/bin/sh
# `make demo-live`: the live daemon on a simulated cluster, with API and metrics, and a look at both
# with curl. No server is needed. Ends after DURATION seconds, or on Ctrl-C (DURATION=0: only then).
set -eu
F=${BUILD:-build/rel}/foreshard
DURATION=${DURATION:-60}
PORT=${PORT:-7420}
T=$(mktemp -d)
daemon=
ended() {
    [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
    [ -z "$daemon" ] || wait "$daemon" 2>/dev/null || true
    rm -rf "$T"
}
trap ended EXIT
trap 'exit 0' INT TERM
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
(umask 077 && echo "$token" >"$T/token")
"$F" live live/deploy/demo.cfg --set live.state="$T/state.db" --set live.log="$T/log" --set api.listen=":$PORT" \
    --set api.token_file="$T/token" &
daemon=$!
U=http://127.0.0.1:$PORT
i=0
until curl -sf "$U/readyz" >/dev/null 2>&1; do
    i=$((i + 1))
    kill -0 "$daemon" 2>/dev/null && [ $i -lt 100 ] || { cat "$T/log" >&2; echo "demo-live: the daemon did not come up" >&2; exit 1; }
    sleep 0.1
done
cat <<END
foreshard live on a simulated cluster of 8 nodes, 20 seconds a second, mode auto
  API       $U/v1/status   $U/v1/partitions   $U/v1/recommendations
  describes $U/v1/openapi.json
  events    curl -N $U/v1/events
  metrics   $U/metrics
  token     $token

END
show() {
    echo "\$ curl $2$U$1"
    curl -s $2 ${4:+-H "$4"} "$U$1" | cut -c 1-"${3:-400}" | head -n 8
    echo
}
rest=$DURATION
pause() { # SECONDS: at most what is left
    n=$1
    [ "$DURATION" = 0 ] || [ "$n" -le "$rest" ] || n=$rest
    rest=$((rest - n))
    sleep "$n" & wait $! || true
}
pause 20
show /v1/status ""
show "/v1/partitions?limit=2" ""
show /v1/plans "-X POST " 600 "Authorization: Bearer $token"
show /v1/recommendations "" 600
show "/v1/migrations?running=true" "" 600
show /metrics "" 120
if [ "$DURATION" = 0 ]; then
    echo "Ctrl-C ends it."
    wait "$daemon"
else
    echo "It ends in $rest s; DURATION=0 keeps it until Ctrl-C."
    pause "$rest"
    echo "moves done: $(grep -c '"event":"move".*"state":"done"' "$T/log" || true), alerts raised: $(grep -c '"event":"alert"' "$T/log" || true)"
fi
