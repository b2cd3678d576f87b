/* cmd_live.h - the live room's command; argv[0] is its name. */
#ifndef LIVE_CMD_LIVE_H
#define LIVE_CMD_LIVE_H

struct live_stand_in; /* backend.h */
/* `simulator` is what driver = "sim" means; it comes from outside, this room knows only Redis. */
int live_cmd_live(int argc, char **argv, const struct live_stand_in *simulator);

#endif
