/* commands.h - the commands that live in this room; argv[0] is the command's name. */
#ifndef LAB_COMMANDS_H
#define LAB_COMMANDS_H

int lab_cmd_compare(int argc, char **argv);
int lab_cmd_grid(int argc, char **argv);
int lab_cmd_journal(int argc, char **argv);
int lab_cmd_config(int argc, char **argv);
int lab_cmd_forecast(int argc, char **argv);
int lab_cmd_advise(int argc, char **argv);

#endif
