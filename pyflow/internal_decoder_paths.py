"""The part of the table of internal paths (`internal_paths.py`) below tf.contrib.seq2seq."""

DECODER_PATHS = """
contrib.seq2seq.python ?contrib.seq2seq.sequence_loss
contrib.seq2seq.python.ops ?contrib.seq2seq.sequence_loss @contrib.seq2seq
contrib.seq2seq.python.ops.loss ?contrib.seq2seq.sequence_loss @contrib.seq2seq
contrib.seq2seq.python.ops.decoder ?contrib.seq2seq.Decoder contrib.decoder @contrib.seq2seq
contrib.seq2seq.python.ops.basic_decoder ?contrib.seq2seq.BasicDecoder contrib.basic_decoder @contrib.seq2seq
contrib.seq2seq.python.ops.helper ?contrib.seq2seq.Helper contrib.decoder_inputs contrib.decoder_sampling
 contrib.decoder_scheduled_inputs @contrib.seq2seq
contrib.seq2seq.python.ops.attention_wrapper ?contrib.seq2seq.AttentionWrapper contrib.attention_wrapper
 contrib.attention_mechanisms contrib.attention_memory @contrib.seq2seq
contrib.seq2seq.python.ops.beam_search_decoder ?contrib.seq2seq.BeamSearchDecoder contrib.beam_search_decoder
 contrib.beam_search_step contrib.beam_reordering @contrib.seq2seq
contrib.seq2seq.python.ops.beam_search_ops ?contrib.seq2seq.gather_tree @contrib.seq2seq
"""
