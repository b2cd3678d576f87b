/* api_pages.h - what the files that write pages share: how one opens and ends, and is kept. */
#ifndef LIVE_API_PAGES_H
#define LIVE_API_PAGES_H

#include "core/base/json.h"
#include "live/api/api.h"
#include "live/api/picture.h"

/* A page kept in the picture, made by `make` for the first who asks. */
void live_page_reply(const struct live_picture *picture, enum live_page page,
                     void (*make)(const struct live_picture *picture, struct fore_buf *out),
                     struct live_response *reply);
/* An object that says which state it is about, and when. */
struct fore_json live_page_open(const struct live_picture *picture, struct fore_buf *out);
void live_page_close(struct fore_json *json);
/* The members of one partition. */
void live_page_partition(const struct live_picture *picture,
                         const struct live_picture_partition *row, struct fore_json *json);
/* The one the path names; NULL: answered with 404. */
const struct live_picture_partition *live_page_find(const struct live_picture *picture,
                                                    const struct live_request *request,
                                                    struct live_response *reply);

#endif
