/* service.c - see service.h. */
#include "live/base/service.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void live_service_open(struct live_service *service)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    const char *path = getenv("NOTIFY_SOCKET");
    *service = (struct live_service){.wanted = path != NULL && path[0] != '\0'};
    bool ours = pid == NULL || strtol(pid, NULL, 10) == (long)getpid();
    if (usec != NULL && ours) service->beat = strtoull(usec, NULL, 10) * FORE_US / 2;
}

bool live_service_say(const struct live_service *service, const char *text)
{
    const char *path = service->wanted ? getenv("NOTIFY_SOCKET") : NULL;
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = path != NULL ? strlen(path) : 0;
    if (len == 0 || len >= sizeof to.sun_path) return false;
    memcpy(to.sun_path, path, len);
    if (path[0] == '@') to.sun_path[0] = '\0'; /* abstract */
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    ssize_t sent = sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
                          (const struct sockaddr *)&to, size);
    (void)close(fd);
    return sent >= 0;
}

void live_service_beat(struct live_service *service, fore_ns now)
{
    if (service->beat == 0 || now - service->at < service->beat) return;
    service->at = now;
    (void)live_service_say(service, "WATCHDOG=1");
}
