/* cmd_calibrate.h - `foreshard calibrate`. */
#ifndef LIVE_CMD_CALIBRATE_H
#define LIVE_CMD_CALIBRATE_H

int live_cmd_calibrate(int argc, char **argv);

#endif
