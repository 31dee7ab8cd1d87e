(comment) @comment

(config_file (body (block . (identifier) . (string_lit (template_literal) @name) . (block_start)) @definition.block))
(config_file
  (body (block . (identifier) . (string_lit) . (string_lit (template_literal) @name) . (block_start)) @definition.block))
(config_file (body (block . (identifier) @name . (block_start)) @definition.block))
(config_file (body (attribute . (identifier) @name) @definition.constant))
