/* cut.c - see cut.h. */
#define _GNU_SOURCE /* unshare() */
#include "tests/live/cut.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUS = 50 };

bool cut_possible(void)
{
    return unshare(CLONE_NEWNET) == 0 &&
           system("{ ip link set lo up && ip rule add pref 10 lookup local && "
                  "ip rule del pref 0; } >/dev/null 2>&1") == 0;
}

void cut_between(const struct live_address *one, const struct live_address *two, bool begin)
{
    char command[1024];
    const char *a = one->host, *b = two->host;
    (void)snprintf(command, sizeof command,
                   "rule() { ip rule %s \"$@\"; };"
                   "rule pref 5 from %s to %s blackhole && rule pref 5 from %s to %s blackhole && "
                   "rule pref 6 from 127.0.1.0/24 lookup local && "
                   "rule pref 7 to %s ipproto tcp dport %d blackhole && "
                   "rule pref 7 to %s ipproto tcp dport %d blackhole",
                   begin ? "add" : "del", a, b, b, a, a, one->port + BUS, b, two->port + BUS);
    if (system(command) != 0) (void)fprintf(stderr, "cut: %s failed\n", command);
}
