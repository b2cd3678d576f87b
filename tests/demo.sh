#!/bin/sh
# What `make demo` shows: policies compared on a small synthetic scenario, then a picture of the
# predictive run. Needs no data and no display; leaves everything it made in build/demo/.
set -eu
scenario=${DEMO:-workloads/scenarios/diurnal.cfg}
dir=build/demo
mkdir -p $dir
echo
./foreshard compare "$scenario" --seeds 3 --out $dir/compare.json
./foreshard replay "$scenario" --set policy.name=predictive --journal $dir/run.fsj >$dir/replay.txt
echo
echo "results   $dir/compare.json"
echo "journal   $dir/run.fsj     (./foreshard journal report $dir/run.fsj)"
if [ -x ./foreshard-viz ]; then
    ./foreshard-viz --shot "${DEMO_AT:-72%}" $dir/demo.png $dir/run.fsj
    echo "picture   $dir/demo.png    (./foreshard watch $dir/run.fsj opens the dashboard)"
else
    echo "picture   left out: foreshard-viz needs libsdl2-dev libcairo2-dev libpango1.0-dev"
fi
