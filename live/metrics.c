/* metrics.c - placeholder */
#include "live/api_pages.h"
LIVE_PICTURE_HANDLER(metrics)
{
    (void)picture;
    (void)request;
    reply->status = 200;
}
