//! The id that a broker gave a topic: one that is deleted and made again under its name has another. (KIP-516)
//!
//! The `rdkafka` crate does not wrap this call of librdkafka, so this module makes it, and it is the only one that speaks
//! C. Everything it is given by librdkafka is given back before it returns; nothing of it leaves but copies.
#![expect(unsafe_code, reason = "librdkafka's DescribeTopics has no safe wrapper")]

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_int};
use std::time::Duration;

use rdkafka::bindings as c;
use rdkafka::client::{Client, ClientContext};

/// The id of each topic that the broker knows and gives an id; older brokers give none.
pub(crate) fn topic_ids<C: ClientContext>(
    client: &Client<C>,
    topics: &[String],
    patience: Duration,
) -> Result<BTreeMap<String, String>, String> {
    let names: Vec<CString> = topics.iter().filter_map(|topic| CString::new(topic.as_str()).ok()).collect();
    let mut pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
    let patience = c_int::try_from(patience.as_millis()).unwrap_or(c_int::MAX);
    let handle = client.native_ptr();
    // SAFETY: the handle is alive as long as `client` is borrowed. The collection copies the names, which live until the
    // end of this function. Options, collection, queue and event are made here, used only here, and destroyed here, the
    // event last of those that refer to the queue.
    unsafe {
        let asked = c::rd_kafka_TopicCollection_of_topic_names(pointers.as_mut_ptr(), pointers.len());
        let options = c::rd_kafka_AdminOptions_new(handle, c::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS);
        let mut why = [0 as c_char; 128];
        c::rd_kafka_AdminOptions_set_request_timeout(options, patience, why.as_mut_ptr(), why.len());
        let queue = c::rd_kafka_queue_new(handle);
        c::rd_kafka_DescribeTopics(handle, asked, options, queue);
        let event = c::rd_kafka_queue_poll(queue, patience.saturating_add(500));
        let ids = ids_of(event);
        if !event.is_null() {
            c::rd_kafka_event_destroy(event);
        }
        c::rd_kafka_queue_destroy(queue);
        c::rd_kafka_AdminOptions_destroy(options);
        c::rd_kafka_TopicCollection_destroy(asked);
        ids
    }
}

/// # Safety
/// `event` is null, or an event of librdkafka that nobody has destroyed.
unsafe fn ids_of(event: *mut c::rd_kafka_event_t) -> Result<BTreeMap<String, String>, String> {
    if event.is_null() {
        return Err("the broker did not say in time".to_owned());
    }
    // SAFETY: what these give belongs to the event, which the caller keeps alive; it is copied before it is used.
    unsafe {
        if c::rd_kafka_event_error(event) != c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Err(text(c::rd_kafka_event_error_string(event)));
        }
        let result = c::rd_kafka_event_DescribeTopics_result(event);
        if result.is_null() {
            return Err("the broker said something else".to_owned());
        }
        let mut count = 0;
        let topics = c::rd_kafka_DescribeTopics_result_topics(result, &raw mut count);
        let mut ids = BTreeMap::new();
        for nth in 0..count {
            let topic = *topics.add(nth);
            let error = c::rd_kafka_TopicDescription_error(topic);
            let known =
                error.is_null() || c::rd_kafka_error_code(error) == c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
            let id = c::rd_kafka_TopicDescription_topic_id(topic);
            let given = known && !id.is_null() && !is_zero(id);
            if given {
                let name = text(c::rd_kafka_TopicDescription_name(topic));
                // As Kafka's own tools write it, and without the sign that parts the words of a slot.
                let id = text(c::rd_kafka_Uuid_base64str(id)).replace('+', "-").replace('/', "_");
                ids.insert(name, id);
            }
        }
        Ok(ids)
    }
}

/// # Safety
/// `id` points to an id of librdkafka.
unsafe fn is_zero(id: *const c::rd_kafka_Uuid_t) -> bool {
    // SAFETY: reads two numbers of it.
    unsafe { c::rd_kafka_Uuid_most_significant_bits(id) == 0 && c::rd_kafka_Uuid_least_significant_bits(id) == 0 }
}

/// # Safety
/// `said` is null, or a text that ends with a null byte and stays as it is meanwhile.
unsafe fn text(said: *const c_char) -> String {
    if said.is_null() {
        return String::new();
    }
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(said) }.to_string_lossy().into_owned()
}
