/* commands.h - the simulator's commands; argv[0] is the command's name. */
#ifndef SIM_COMMANDS_H
#define SIM_COMMANDS_H

int sim_cmd_replay(int argc, char **argv);
int sim_cmd_watch(int argc, char **argv);

#endif
