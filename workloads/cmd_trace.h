/*
 * cmd_trace.h - `foreshard trace info|convert|synth`: what is in a trace, another format of it, a
 * new one from a generator.
 */
#ifndef WL_CMD_TRACE_H
#define WL_CMD_TRACE_H

/* argv[0] is "trace". Returns the exit code: 0 done, 2 bad input, 3 the world failed. */
int wl_cmd_trace(int argc, char **argv);

#endif
