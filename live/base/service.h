/*
 * service.h - what systemd is told (sd_notify(3)): ready, alive, stopping, and a line of status.
 * One datagram each to the socket named by NOTIFY_SOCKET; without it nothing is done. The watchdog
 * is fed by the engine's thread only, so a stuck engine is restarted even if the API still answers.
 */
#ifndef LIVE_SERVICE_H
#define LIVE_SERVICE_H

#include "core/base/base.h"

struct live_service {
    bool wanted;      /* NOTIFY_SOCKET is set */
    fore_ns beat, at; /* half of WatchdogSec, 0: none; the last beat */
};
/* Reads the environment. */
void live_service_open(struct live_service *service);
/* "READY=1", "STOPPING=1", "STATUS=..."; false: nobody listens. */
bool live_service_say(const struct live_service *service, const char *text);
/* Says WATCHDOG=1 when it is due. */
void live_service_beat(struct live_service *service, fore_ns now);

#endif
