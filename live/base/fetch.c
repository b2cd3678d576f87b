/* fetch.c - see fetch.h. */
#include "live/base/fetch.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void begin(void)
{
    FORE_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

/* ---- what is asked for ---------------------------------------------------------------------- */

static bool speaks(const char *text)
{
    return strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
}

enum fore_err live_url_parse(const char *text, const char *field, struct live_url *out,
                             struct fore_diag *diag)
{
    (void)pthread_once(&once, begin);
    if (!speaks(text))
        return fore_err_set(diag, FORE_E_FORMAT,
                            "%s: \"%.80s\" begins with neither http:// nor https://", field, text);
    CURLU *url = curl_url();
    FORE_ASSERT(url != NULL);
    bool good = strlen(text) < sizeof out->text && strpbrk(text, " \t\r\n#") == NULL &&
                curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER) == CURLUE_OK;
    curl_url_cleanup(url);
    if (!good) return fore_err_set(diag, FORE_E_FORMAT, "%s: \"%.80s\" is no URL", field, text);
    (void)snprintf(out->text, sizeof out->text, "%s", text);
    return FORE_E_OK;
}

enum fore_err live_fetch_check_ca(const char *path, const char *field, struct fore_diag *diag)
{
    char bytes[4096];
    if (path == NULL || path[0] == '\0') return FORE_E_OK;
    FILE *file = fopen(path, "rb");
    size_t len = file != NULL ? fread(bytes, 1, sizeof bytes - 1, file) : 0;
    if (file != NULL) (void)fclose(file);
    bytes[len] = '\0';
    if (strstr(bytes, "-----BEGIN ") != NULL) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_FORMAT, "%s: %s: no PEM file of certificates", field, path);
}

static void write_url(const struct live_fetch *fetch, struct fore_buf *out)
{
    const char *text = fetch->url->text;
    size_t len = strlen(text);
    if (fetch->path != NULL && text[len - 1] == '/') len--; /* "/" and "" are the same */
    fore_buf_append(out, text, len);
    fore_buf_puts(out, fetch->path != NULL ? fetch->path : "");
}

/* ---- and answered --------------------------------------------------------------------------- */

struct answer {
    struct fore_buf *out; /* NULL: nobody wants it */
    size_t len;
};

static size_t take(char *bytes, size_t one, size_t count, void *self)
{
    struct answer *answer = self;
    size_t len = one * count;
    answer->len += len;
    if (answer->len > LIVE_FETCH_MAX) return 0; /* ends it */
    if (answer->out != NULL && len > 0) fore_buf_append(answer->out, bytes, len);
    return len;
}

static struct curl_slist *headers_of(const struct live_fetch *fetch)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    if (fetch->body != NULL) list = curl_slist_append(list, "Content-Type: application/json");
    if (fetch->token == NULL || fetch->token[0] == '\0') return list;
    struct fore_buf line = {0};
    fore_buf_printf(&line, "Authorization: Bearer %s", fetch->token);
    list = curl_slist_append(list, line.data);
    memset(line.data, 0, line.len);
    fore_buf_fini(&line);
    return list;
}

/* Whatever is not set here, as libcurl has it: the certificate is checked, and its name. */
static void set_up(CURL *curl, const struct live_fetch *fetch, struct answer *answer, char *error)
{
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "foreshard");
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)fetch->timeout_ms);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (fetch->ca_file != NULL && fetch->ca_file[0] != '\0') {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, fetch->ca_file);
        (void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL); /* and nobody else */
    }
    if (fetch->body != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, fetch->body);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)fetch->body_len);
    }
    (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, fetch->method);
}

enum fore_err live_fetch(const struct live_fetch *fetch, uint32_t *status, struct fore_buf *out,
                         struct fore_diag *diag)
{
    char error[CURL_ERROR_SIZE] = "";
    struct fore_buf url = {0};
    struct answer answer = {.out = out};
    long code = 0;
    (void)pthread_once(&once, begin);
    CURL *curl = curl_easy_init();
    FORE_ASSERT(curl != NULL);
    struct curl_slist *headers = headers_of(fetch);
    write_url(fetch, &url);
    set_up(curl, fetch, &answer, error);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url.data);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    CURLcode rc = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    fore_buf_fini(&url);
    if (rc == CURLE_OK) {
        *status = (uint32_t)code;
        return FORE_E_OK;
    }
    return fore_err_set(diag, FORE_E_UNREACHABLE, "%.120s: %s", fetch->url->text,
                        error[0] != '\0' ? error : curl_easy_strerror(rc));
}
