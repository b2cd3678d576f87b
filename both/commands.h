/* commands.h - the commands that need the simulator and a real cluster; argv[0] is the name. */
#ifndef BOTH_COMMANDS_H
#define BOTH_COMMANDS_H

int both_cmd_replay(int argc, char **argv);  /* `replay --live` */
int both_cmd_compare(int argc, char **argv); /* `compare --sim-vs-live` */

#endif
