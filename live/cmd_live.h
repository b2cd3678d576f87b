/* cmd_live.h - the live room's command; argv[0] is its name. */
#ifndef LIVE_CMD_LIVE_H
#define LIVE_CMD_LIVE_H

int live_cmd_live(int argc, char **argv);

#endif
